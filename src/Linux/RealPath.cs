using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Linux;

/// <summary>
/// A path without links. FileSystemInfo.ResolveLinkTarget is not enough for that: it takes a relative target as relative to the
/// path that it was given, and sysfs is full of relative links in folders that are reached by links.
/// </summary>
public static unsafe partial class RealPath
{
    /// <summary>Null if there is no such file or folder, or if we may not see it.</summary>
    public static string? Of(string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var real = realpath(name, null);
            var text = Marshal.PtrToStringUTF8((nint)real);
            NativeMemory.Free(real);
            return text;
        }
    }

    [LibraryImport("libc")]
    private static partial byte* realpath(byte* path, byte* resolved);
}

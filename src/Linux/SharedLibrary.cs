using System.Reflection;
using System.Runtime.InteropServices;

namespace Guestplane.Linux;

/// <summary>A library that is loaded at run time.</summary>
public static class SharedLibrary
{
    /// <summary>Called when a library cannot be loaded, before it is said to be missing.</summary>
    /// <exception cref="LinuxException">No more files can be opened: that is the reason.</exception>
    public static void CheckFiles() => Fd.Open("/dev/null").Dispose();

    /// <summary>
    /// The path of the file that a name such as "libsystemd.so.0" resolves to; null if there is none. The library stays loaded.
    /// The path without links contains the version, which few libraries report themselves.
    /// </summary>
    public static string? File(string name)
    {
        if (!NativeLibrary.TryLoad(name, Assembly.GetExecutingAssembly(), searchPath: null, out _))
            return null;
        // "7f…-7f… r--p 00000000 fe:00 1234   /usr/lib/…/libsystemd.so.0.35.0": proc_pid_maps(5).
        return System.IO.File.ReadLines("/proc/self/maps")
            .Where(line => line.Contains($"/{name}", StringComparison.Ordinal))
            .Select(line => line[line.IndexOf('/')..])
            .FirstOrDefault() ?? name;
    }
}

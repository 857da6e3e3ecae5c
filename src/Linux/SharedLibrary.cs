using System.Reflection;
using System.Runtime.InteropServices;

namespace Guestplane.Linux;

/// <summary>A library that is loaded at run time.</summary>
public static class SharedLibrary
{
    /// <summary>
    /// The file that a name as "libsystemd.so.0" means to this process; null if there is none. It stays loaded. Its own name,
    /// without links, tells the version: few libraries can be asked.
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

using System.Runtime.InteropServices;

namespace Guestplane.Linux;

/// <summary>The end of this process.</summary>
public static partial class ProcessEnd
{
    /// <summary>
    /// Ends the process without the exit handlers and destructors of C libraries (_exit(2)). Another thread may still load one
    /// of them, as Pango for a text: GObject aborts if GLib is torn down meanwhile. Whoever calls this has written and closed
    /// everything.
    /// </summary>
    /// <param name="code">0 to 255.</param>
    public static void Exit(int code) => _exit(code);

    [LibraryImport("libc")]
    private static partial void _exit(int code);
}

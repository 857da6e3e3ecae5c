using System.Runtime.InteropServices;

namespace Guestplane.Linux;

/// <summary>The rights that this process has and its user has not.</summary>
public static partial class ProcessRights
{
    /// <summary>AT_SECURE (include/uapi/linux/auxvec.h).</summary>
    private const nuint AtSecure = 23;

    /// <summary>RLIMIT_NOFILE (asm-generic/resource.h).</summary>
    private const int FileLimitResource = 7;

    /// <summary>SIGXFSZ (asm-generic/signal.h) and SIG_IGN.</summary>
    private const int FileSizeSignal = 25, Ignore = 1;

    /// <summary>
    /// True if the program runs with a file capability or as set-user-ID (ld.so(8), secure-execution mode). Its environment is
    /// then a stranger's, and must not choose code that is loaded: libdecor and libvirt load plugins by it.
    /// </summary>
    public static bool AreElevated { get; } = getauxval(AtSecure) != 0;

    /// <summary>The number of descriptors that the program may have open.</summary>
    public static long FileLimit =>
        getrlimit(FileLimitResource, out var limit) < 0 ? 1024 : (long)Math.Min(limit.Soft, long.MaxValue);

    /// <summary>
    /// Raises the limit of open files as far as the user may: the usual 1024 is for programs that use select(2). Each of a VM's
    /// buffers and each connection is a descriptor.
    /// </summary>
    public static void RaiseFileLimit()
    {
        if (getrlimit(FileLimitResource, out var limit) < 0)
            return;
        limit.Soft = limit.Hard;
        // Where even that is not permitted, the old limit stays.
        _ = setrlimit(FileLimitResource, limit);
    }

    /// <summary>A write beyond the limit of a file's size (ulimit -f) fails with EFBIG, and does not end the program.</summary>
    public static void ReportFileSize() => _ = signal(FileSizeSignal, Ignore);

    /// <summary>struct rlimit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public nuint Soft, Hard;
    }

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, out Limit limit);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, in Limit limit);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial nuint getauxval(nuint type);
}

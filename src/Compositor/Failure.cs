using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Linux.DBus;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The exit code and the printed lines for an exception that ends the program.</summary>
internal readonly record struct Failure(ExitCode Code, params IReadOnlyList<string> Lines)
{
    /// <summary>An exception is our bug only if the user, the guest, the compositor and the machine did not cause it.</summary>
    public static Failure Of(Exception e) => e switch
    {
        // The runtime opens a pipe for its signals when the first is wanted.
        TypeInitializationException { InnerException: { } inner } => Of(inner),
        ExitException exit => new(exit.Code, exit.Message),
        SourceException source => new(CodeOf(source.Fault), source.Message),
        WaylandException { IsHostGone: true, Errno: null } =>
            new(ExitCode.NoHost, $"The compositor has ended the connection: {e.Message}."),
        WaylandException { IsHostGone: true } => new(ExitCode.NoHost, $"The Wayland compositor went away: {e.Message}."),
        WaylandException { IsMemoryGone: true } => new(ExitCode.GuestLost,
            "The VM has made the memory of its image smaller while it was shown, and the compositor has ended the connection "
            + "for it."),
        WaylandException { IsProtocolError: true } refused => new(ExitCode.Bug,
            $"This is a bug of guestplane: {e.Message}. Our last requests: {string.Join(", ", refused.LastRequests)}."),
        GpuGoneException gone => new(ExitCode.NoHost, $"The GPU that the compositor draws with is gone: {gone.Message}."),
        _ when ErrnoOf(e) is { } errno && Errno.IsOfMachine(errno) =>
            new(ExitCode.System, $"guestplane cannot go on: {e.Message.TrimEnd('.')}{Remedy(errno)}."),
        // With its inner exceptions and all stack traces.
        _ => new(ExitCode.Bug, [$"This is a bug of guestplane: {e.GetType().Name}: {e.Message}", .. e.ToString().Split('\n')]),
    };

    /// <summary>True if it ends a connection, and the next compositor can show the guest.</summary>
    public static bool IsOfHost(Exception e) => e switch
    {
        WaylandException { IsHostGone: true } or WaylandException { IsMemoryGone: true } => true,
        // The compositor accepted the connection, and then did not answer.
        ExitException { Code: ExitCode.NoHost } => true,
        // A compositor that has another goes on with that.
        GpuGoneException => true,
        _ => false,
    };

    /// <summary>A clause that says why a call failed, for a sentence that already names the file.</summary>
    public static string Cause(Exception e) => ErrnoOf(e) switch
    {
        null => e.Message.TrimEnd('.'),
        { } errno when errno == Errno.NoDeviceOrAddress => "no program reads it; start the reader first",
        { } errno when errno == Errno.Again => "the program that reads it stands still",
        { } errno => $"{Errno.Message(errno)}{Remedy(errno)}",
    };

    private static string Remedy(int errno) => errno == Errno.TooManyFiles ? "; raise the limit of open files (ulimit -n)" : "";

    /// <summary>The errno of the call that failed; null if there is none.</summary>
    private static int? ErrnoOf(Exception e) => e switch
    {
        LinuxException linux => linux.Errno,
        BusException bus => bus.Errno,
        WaylandException wayland => wayland.Errno,
        OutOfMemoryException => Errno.NoMemory,
        DirectoryNotFoundException or FileNotFoundException => Errno.NoEntry,
        UnauthorizedAccessException => e.InnerException is IOException { HResult: > 0 } inner ? inner.HResult : Errno.Denied,
        // .NET stores errno in HResult if it has no exception type for it.
        IOException { HResult: > 0 } => e.HResult,
        _ => null,
    };

    private static ExitCode CodeOf(SourceFault fault) => fault switch
    {
        SourceFault.Usage => ExitCode.Usage,
        SourceFault.NotThere => ExitCode.NoSource,
        SourceFault.NotPermitted => ExitCode.NotPermitted,
        _ => ExitCode.GuestLost,
    };
}

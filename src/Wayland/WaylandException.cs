using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Wayland;

/// <summary>
/// The connection has failed: the compositor has gone, or it rejected a request of ours. It cannot be used again.
/// </summary>
public sealed class WaylandException : Exception
{
    /// <summary>wl_shm.error in wayland.xml.</summary>
    private const uint InvalidFd = 2;

    /// <summary>The connection broke: the compositor has gone, or libwayland reported an error of its own.</summary>
    /// <param name="errno">Of the machine, EPIPE, or for an event that libwayland rejects: EINVAL, EOVERFLOW.</param>
    /// <param name="log">What libwayland has logged of it.</param>
    internal WaylandException(int errno, string log = "")
        : base($"the connection to the compositor broke: {Marshal.GetPInvokeErrorMessage(errno)}{log}") =>
        (Errno, IsHostGone) = (errno, errno == Linux.Errno.Pipe || !Linux.Errno.IsOfMachine(errno));

    /// <summary>The compositor has ended the connection for a failure of its own.</summary>
    internal WaylandException(string why) : base(why) => IsHostGone = true;

    /// <summary>wl_display.error.</summary>
    internal WaylandException(string source, uint code, string hostMessage, IReadOnlyList<string> lastRequests)
        : base($"the compositor rejected a request: {source}, error {code}: {hostMessage}") =>
        (IsProtocolError, Source, Code, LastRequests) = (true, source, code, lastRequests);

    /// <summary>errno of a connection that broke; null if the compositor reported the error.</summary>
    public int? Errno { get; }

    /// <summary>The compositor closed the connection, ended, or reported a failure of its own.</summary>
    public bool IsHostGone { get; }

    /// <summary>The compositor rejected a request: a bug of ours.</summary>
    public bool IsProtocolError { get; }

    /// <summary>
    /// The file of a wl_shm buffer is smaller than when the buffer was made (wl_shm.error invalid_fd, which libwayland-server
    /// sends on the buffer). Our own memory is sealed against that.
    /// </summary>
    public bool IsMemoryGone => IsProtocolError && Code == InvalidFd
        && Source?.StartsWith("wl_buffer#", StringComparison.Ordinal) == true;

    /// <summary>The object, as "wl_surface#7".</summary>
    public override string? Source { get; set; }

    /// <summary>The error code, from the error enum of the object's interface.</summary>
    public uint Code { get; }

    /// <summary>Our last requests, oldest first.</summary>
    public IReadOnlyList<string> LastRequests { get; } = [];
}

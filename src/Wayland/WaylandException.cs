using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Wayland;

/// <summary>The connection has failed, for good: the host went away, or it refused a request of ours.</summary>
public sealed class WaylandException : Exception
{
    /// <summary>The connection broke: the host is gone, or libwayland could not go on.</summary>
    internal WaylandException(int errno) : base($"the connection to the Wayland host broke: {Marshal.GetPInvokeErrorMessage(errno)}") =>
        IsHostGone = errno == Errno.Pipe || errno == Errno.ConnectionReset;

    /// <summary>wl_display.error "implementation": a fault of the host's own. waypipe says so when its line breaks.</summary>
    internal WaylandException(string hostMessage) : base($"the Wayland host gave up: {hostMessage}") => IsHostGone = true;

    /// <summary>wl_display.error.</summary>
    internal WaylandException(string source, uint code, string hostMessage, IReadOnlyList<string> lastRequests)
        : base($"the Wayland host refused a request: {source}, error {code}: {hostMessage}") =>
        (IsProtocolError, Source, Code, LastRequests) = (true, source, code, lastRequests);

    /// <summary>The host closed the connection, ended, or cannot go on.</summary>
    public bool IsHostGone { get; }

    /// <summary>A request of ours was refused: a bug of ours.</summary>
    public bool IsProtocolError { get; }

    /// <summary>The object, "wl_surface#7".</summary>
    public override string? Source { get; set; }

    /// <summary>The error code, as the object's interface numbers it.</summary>
    public uint Code { get; }

    /// <summary>What we sent last, oldest first.</summary>
    public IReadOnlyList<string> LastRequests { get; } = [];
}

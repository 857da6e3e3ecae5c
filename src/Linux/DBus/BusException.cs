using System.Runtime.InteropServices;

namespace Guestplane.Linux.DBus;

/// <summary>A D-Bus connection or message failed; the message has what was tried and errno as sd-bus returned it.</summary>
public sealed class BusException(string what, int errno) : Exception($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public int Errno { get; } = errno;

    /// <summary>The words for errno alone.</summary>
    public string Cause => Marshal.GetPInvokeErrorMessage(Errno);

    /// <summary>True if the peer has closed the connection.</summary>
    public bool IsPeerGone => IsOfGonePeer(Errno);

    internal static bool IsOfGonePeer(int errno) => errno == Linux.Errno.NotConnected || errno == Linux.Errno.ConnectionReset
        || errno == Linux.Errno.Pipe;

    /// <summary>Returns the result of an sd-bus call, or throws its failure.</summary>
    internal static int Check(int result, string what) => result >= 0 ? result : throw new BusException(what, -result);
}

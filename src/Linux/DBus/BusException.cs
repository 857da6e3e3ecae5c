using System.Runtime.InteropServices;

namespace Guestplane.Linux.DBus;

/// <summary>A D-Bus connection or message failed: what was tried, and errno as sd-bus gave it.</summary>
public sealed class BusException(string what, int errno) : Exception($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public int Errno { get; } = errno;

    /// <summary>The result of an sd-bus call, or its failure as an exception.</summary>
    internal static int Check(int result, string what) => result >= 0 ? result : throw new BusException(what, -result);
}

using Tmds.Linux;

namespace Guestplane.Linux.DBus;

/// <summary>
/// The bytes of a message that a peer has begun and not completed. sd-bus keeps up to 128 MiB of one, for any time, and tells
/// nobody.
/// </summary>
internal sealed unsafe class BegunMessage
{
    /// <summary>No call or answer of a client needs a tenth of that.</summary>
    private const long Most = 1 << 20;

    private long _bytes;

    // Since the last message, or the beginning.
    private int _turns;

    public bool IsTooLong => _bytes > Most;

    /// <summary>
    /// To be called before the socket is read. If no message is complete then, these are bytes of one. What the turn after a
    /// message reads is not counted: nearly always it is a whole message, which costs no system call so.
    /// </summary>
    public void Count(int socket)
    {
        if (_turns++ == 0)
            return;
        int unread;
        if (LibC.ioctl(socket, LibC.FIONREAD, &unread) == 0)
            _bytes += unread;
    }

    /// <summary>A message has been read.</summary>
    public void Complete() => (_bytes, _turns) = (0, 0);
}

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

    public bool IsTooLong => _bytes > Most;

    /// <summary>To be called before the socket is read. If no message is complete then, these are bytes of one.</summary>
    public void Count(int socket)
    {
        int unread;
        if (LibC.ioctl(socket, LibC.FIONREAD, &unread) == 0)
            _bytes += unread;
    }

    /// <summary>A message has been read.</summary>
    public void Complete() => _bytes = 0;
}

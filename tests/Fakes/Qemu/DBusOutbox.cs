namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>
/// Messages that wait for the socket. As in GDBus there is one sendmsg for each, with its descriptors, and no limit, so that a
/// client that does not read finds everything later.
/// </summary>
internal sealed class DBusOutbox(FdSocket socket) : IDisposable
{
    private readonly Queue<(byte[] Bytes, List<HostFd> Fds)> _messages = [];
    private int _sent;

    public bool IsEmpty => _messages.Count == 0;

    /// <summary>The number of bytes that the peer has not taken yet.</summary>
    public long Waiting => _messages.Sum(message => (long)message.Bytes.Length) - _sent;

    /// <summary>Takes ownership of the descriptors.</summary>
    public void Add(byte[] bytes, List<HostFd> fds) => _messages.Enqueue((bytes, fds));

    /// <summary>False if the peer is gone.</summary>
    public bool Flush()
    {
        while (_messages.TryPeek(out var message))
        {
            var count = socket.Send(message.Bytes.AsSpan(_sent), message.Fds);
            if (count == -1)
                return true;
            if (count == -2)
                return false;
            // All descriptors were sent with the first byte.
            Drop(message.Fds);
            _sent += count;
            if (_sent < message.Bytes.Length)
                continue;
            _messages.Dequeue();
            _sent = 0;
        }
        return true;
    }

    public void Dispose()
    {
        foreach (var (_, fds) in _messages)
            Drop(fds);
        _messages.Clear();
    }

    private static void Drop(List<HostFd> fds)
    {
        foreach (var fd in fds)
            fd.Dispose();
        fds.Clear();
    }
}

namespace Guestplane.Tests.Fakes;

/// <summary>Events that wait for the socket, with their file descriptors; one sendmsg sends at most 28 descriptors.</summary>
internal sealed class HostOutbox(FdSocket socket) : IDisposable
{
    /// <summary>The limit of unread events, above which the client is dropped, as in mutter, kwin and newer wlroots.</summary>
    private const int Limit = 1024 * 1024;

    private const int MaxBytes = 4096;

    private readonly LinkedList<(byte[] Bytes, List<HostFd> Fds)> _messages = [];
    private int _size;

    public bool IsEmpty => _messages.Count == 0;

    /// <summary>False if the client has too many unread events.</summary>
    public bool Add(byte[] bytes, List<HostFd> fds)
    {
        _messages.AddLast((bytes, fds));
        _size += bytes.Length;
        return _size <= Limit;
    }

    /// <summary>False if the client is gone.</summary>
    public bool Flush()
    {
        while (!IsEmpty)
        {
            var (bytes, fds, count) = Batch();
            var sent = socket.Send(bytes, fds);
            if (sent == -1)
                return true;
            if (sent == -2)
                return false;
            // All descriptors were sent with the first byte, even if the rest of the batch has to wait.
            foreach (var fd in fds)
                fd.Dispose();
            foreach (var message in _messages.Take(count))
                message.Fds.Clear();
            Drop(sent);
        }
        return true;
    }

    public void Dispose()
    {
        foreach (var fd in _messages.SelectMany(message => message.Fds))
            fd.Dispose();
        _messages.Clear();
    }

    private (byte[] Bytes, List<HostFd> Fds, int Count) Batch()
    {
        var count = 0;
        var bytes = new List<byte>(MaxBytes);
        var fds = new List<HostFd>();
        foreach (var message in _messages)
        {
            var isFull = bytes.Count + message.Bytes.Length > MaxBytes || fds.Count + message.Fds.Count > FdSocket.MaxFdsOut;
            if (isFull && bytes.Count > 0)
                break;
            bytes.AddRange(message.Bytes);
            fds.AddRange(message.Fds);
            count++;
        }
        return (bytes.ToArray(), fds, count);
    }

    private void Drop(int sent)
    {
        _size -= sent;
        for (var node = _messages.First; node is not null && sent > 0; node = _messages.First)
        {
            var (bytes, _) = node.Value;
            _messages.RemoveFirst();
            if (bytes.Length > sent)
                _messages.AddFirst((bytes[sent..], []));
            sent -= bytes.Length;
        }
    }
}

using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes;

/// <summary>A connected unix socket that carries file descriptors. Never blocks.</summary>
internal sealed class FdSocket : IDisposable
{
    /// <summary>libwayland's limit for one sendmsg.</summary>
    public const int MaxFdsOut = 28;

    private const int DataSize = 64 * 1024;
    private const int ScmMaxFd = 253;
    private const int CmsgHeader = 16;

    // struct msghdr and struct iovec of a 64-bit Linux, by offset.
    private const int MsgIov = 16;
    private const int MsgIovLen = 24;
    private const int MsgControl = 32;
    private const int MsgControlLen = 40;
    private const int MsgFlags = 48;
    private const int MsgSize = 56;
    private const int IovSize = 16;

    private readonly Socket _socket;
    private readonly FdLedger _ledger;
    private readonly nint _native = Marshal.AllocHGlobal(MsgSize + IovSize + ControlSize + DataSize);
    private readonly byte[] _control = new byte[ControlSize];
    private bool _isDisposed;

    public FdSocket(Socket socket, FdLedger ledger)
    {
        _socket = socket;
        _ledger = ledger;
        _ledger.Opened();
    }

    public int Descriptor => (int)_socket.Handle;

    private static int ControlSize => CmsgHeader + ((ScmMaxFd * sizeof(int)) + 7 & ~7);

    private nint Iov => _native + MsgSize;

    private nint Control => Iov + IovSize;

    private nint Data => Control + ControlSize;

    /// <summary>The number of bytes read, 0 at the end of the stream, -1 if there is nothing to read.</summary>
    public int Receive(byte[] into, int offset, Queue<HostFd> fds)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Prepare(Math.Min(into.Length - offset, DataSize), ControlSize);
        nint count;
        do
            count = Libc.RecvMsg(_socket.SafeHandle, _native, Libc.MSG_DONTWAIT | Libc.MSG_CMSG_CLOEXEC);
        while (count < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
        if (count < 0)
            return Marshal.GetLastPInvokeError() == Libc.EAGAIN ? -1 : 0;
        TakeFds(fds);
        if ((Marshal.ReadInt32(_native, MsgFlags) & Libc.MSG_CTRUNC) != 0)
            throw new IOException("more file descriptors than one message can carry");
        Marshal.Copy(Data, into, offset, (int)count);
        return (int)count;
    }

    /// <summary>The number of bytes written, -1 if the socket is full, -2 if the peer is gone.</summary>
    public int Send(ReadOnlySpan<byte> bytes, IReadOnlyList<HostFd> fds)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var size = Math.Min(bytes.Length, DataSize);
        Marshal.Copy(bytes[..size].ToArray(), 0, Data, size);
        PutFds(fds);
        Prepare(size, fds.Count == 0 ? 0 : CmsgHeader + ((fds.Count * sizeof(int)) + 7 & ~7));
        nint count;
        do
            count = Libc.SendMsg(_socket.SafeHandle, _native, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL);
        while (count < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
        if (count < 0)
            return Marshal.GetLastPInvokeError() == Libc.EAGAIN ? -1 : -2;
        return (int)count;
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _socket.Dispose();
        Marshal.FreeHGlobal(_native);
        _ledger.Closed();
    }

    private void Prepare(int dataSize, int controlSize)
    {
        for (var at = 0; at < MsgSize + IovSize; at += 8)
            Marshal.WriteInt64(_native, at, 0);
        Marshal.WriteIntPtr(Iov, 0, Data);
        Marshal.WriteInt64(Iov, 8, dataSize);
        Marshal.WriteIntPtr(_native, MsgIov, Iov);
        Marshal.WriteInt64(_native, MsgIovLen, 1);
        if (controlSize == 0)
            return;
        Marshal.WriteIntPtr(_native, MsgControl, Control);
        Marshal.WriteInt64(_native, MsgControlLen, controlSize);
    }

    private void PutFds(IReadOnlyList<HostFd> fds)
    {
        if (fds.Count == 0)
            return;
        Marshal.WriteInt64(Control, 0, CmsgHeader + (fds.Count * sizeof(int)));
        Marshal.WriteInt32(Control, 8, Libc.SOL_SOCKET);
        Marshal.WriteInt32(Control, 12, Libc.SCM_RIGHTS);
        for (var i = 0; i < fds.Count; i++)
            Marshal.WriteInt32(Control, CmsgHeader + (i * sizeof(int)), (int)fds[i].Handle.DangerousGetHandle());
    }

    private void TakeFds(Queue<HostFd> fds)
    {
        var length = (int)Marshal.ReadInt64(_native, MsgControlLen);
        Marshal.Copy(Control, _control, 0, length);
        for (var at = 0; at + CmsgHeader <= length;)
        {
            var size = (int)BitConverter.ToInt64(_control, at);
            if (size < CmsgHeader)
                return;
            var isRights = BitConverter.ToInt32(_control, at + 8) == Libc.SOL_SOCKET
                && BitConverter.ToInt32(_control, at + 12) == Libc.SCM_RIGHTS;
            for (var fd = at + CmsgHeader; isRights && fd + sizeof(int) <= at + size; fd += sizeof(int))
                fds.Enqueue(new HostFd(BitConverter.ToInt32(_control, fd), _ledger));
            at += (size + 7) & ~7;
        }
    }
}

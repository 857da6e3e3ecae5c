using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Guestplane.Tests.Fakes;

/// <summary>
/// A file descriptor that the fake owns. All are counted, so that Dispose can detect a leak of the fake itself.
/// </summary>
internal sealed class HostFd : IDisposable
{
    private readonly FdLedger _ledger;
    private int _closed;

    public HostFd(int fd, FdLedger ledger)
    {
        if (fd < 0)
            throw new IOException($"no file descriptor, errno {Marshal.GetLastPInvokeError()}");
        Handle = new SafeFileHandle(fd, ownsHandle: true);
        _ledger = ledger;
        _ledger.Opened();
    }

    public SafeFileHandle Handle { get; }

    public static HostFd Memory(string name, ReadOnlySpan<byte> content, FdLedger ledger)
    {
        var memory = new HostFd(Libc.MemfdCreate(name, Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING), ledger);
        RandomAccess.Write(memory.Handle, content, 0);
        // Sealed as in strict compositors: a client that maps the table shared and writable fails.
        if (Libc.Fcntl(memory.Handle, Libc.F_ADD_SEALS, Libc.F_SEAL_SHRINK_GROW_WRITE) != 0)
            throw new IOException("cannot seal a memfd");
        return memory;
    }

    public HostFd Duplicate() => new(Libc.Fcntl(Handle, Libc.F_DUPFD_CLOEXEC, 0), _ledger);

    /// <summary>The size, found as compositors do, or -1 for a file that cannot seek.</summary>
    public long Size() => Libc.Lseek(Handle, 0, Libc.SEEK_END);

    public bool CanMap(long size, int prot)
    {
        var address = Libc.Mmap(0, (nuint)size, prot, Libc.MAP_SHARED, Handle, 0);
        if (address == Libc.MapFailed)
            return false;
        _ = Libc.Munmap(address, (nuint)size);
        return true;
    }

    public byte[] Read(long offset, int count)
    {
        // Mapped, because a dma-buf has no read().
        var length = (nuint)(offset + count);
        var address = Libc.Mmap(0, length, Libc.PROT_READ, Libc.MAP_SHARED, Handle, 0);
        if (address == Libc.MapFailed)
            throw new IOException($"cannot map, errno {Marshal.GetLastPInvokeError()}");
        try
        {
            var bytes = new byte[count];
            Marshal.Copy(address + (nint)offset, bytes, 0, count);
            return bytes;
        }
        finally
        {
            _ = Libc.Munmap(address, length);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        Handle.Dispose();
        _ledger.Closed();
    }
}

internal sealed class FdLedger
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    public void Opened() => Interlocked.Increment(ref _open);

    public void Closed() => Interlocked.Decrement(ref _open);
}

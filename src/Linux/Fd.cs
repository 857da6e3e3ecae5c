using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// A file descriptor with one owner, closed by Dispose and always close-on-exec. 0 is a valid number, -1 is not.
/// The live and peak counts of the whole program are kept here, so that the report can show that nothing leaks.
/// </summary>
public sealed class Fd : SafeHandle
{
    private static int s_live;
    private static int s_peak;

    private Fd(int number) : base(new IntPtr(-1), ownsHandle: true)
    {
        SetHandle(number);
        var live = Interlocked.Increment(ref s_live);
        // Not atomic. The program has one thread; tests have more, and do not read the peak.
        if (live > s_peak)
            s_peak = live;
    }

    /// <summary>How many descriptors the program owns now.</summary>
    public static int Live => Volatile.Read(ref s_live);

    /// <summary>The largest number of descriptors that it owned at one time.</summary>
    public static int Peak => s_peak;

    public override bool IsInvalid => handle == new IntPtr(-1);

    /// <summary>The number, for an immediate call; the handle keeps the ownership.</summary>
    /// <exception cref="ObjectDisposedException">It is closed; another file may have its number by now.</exception>
    public int Number
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return (int)handle;
        }
    }

    /// <summary>Takes ownership of a descriptor and sets FD_CLOEXEC on it: some drivers (mbochs) export without it.</summary>
    /// <exception cref="LinuxException">The descriptor is not open.</exception>
    public static Fd Own(int number)
    {
        if (LibC.fcntl(number, LibC.F_SETFD, LibC.FD_CLOEXEC) < 0)
            throw LinuxException.Last($"file descriptor {number}");
        return new Fd(number);
    }

    /// <summary>open(2) with O_CLOEXEC.</summary>
    public static unsafe Fd Open(string path, OpenMode mode = OpenMode.ReadWrite)
    {
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
        {
            var number = LibC.open(name, (int)mode | LibC.O_CLOEXEC, 0);
            return number >= 0 ? new Fd(number) : throw LinuxException.Last($"open {path}");
        }
    }

    /// <summary>The descriptor for an immediate call; the handle keeps the ownership.</summary>
    public BorrowedFd Borrow() => new(Number);

    /// <summary>pread(2) of exactly <paramref name="bytes"/>.</summary>
    public unsafe void ReadAt(Span<byte> bytes, long offset)
    {
        fixed (byte* p = bytes)
            CheckWhole((long)LibC.pread(Number, p, bytes.Length, offset), bytes.Length, $"pread at 0x{offset:x}");
    }

    /// <summary>pread(2). False if it fails, or if there are fewer bytes.</summary>
    public unsafe bool TryReadAt(Span<byte> bytes, long offset)
    {
        fixed (byte* p = bytes)
            return (long)LibC.pread(Number, p, bytes.Length, offset) == bytes.Length;
    }

    /// <summary>pwrite(2) of exactly <paramref name="bytes"/>.</summary>
    public unsafe void WriteAt(ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* p = bytes)
            CheckWhole((long)LibC.pwrite(Number, p, bytes.Length, offset), bytes.Length, $"pwrite at 0x{offset:x}");
    }

    /// <summary>write(2), for a pipe or socket. True if all bytes were written.</summary>
    public unsafe bool Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            return LibC.write(Number, p, bytes.Length) == bytes.Length;
    }

    /// <summary>A device's registers are read and written whole or not at all.</summary>
    private static void CheckWhole(long done, int wanted, string call)
    {
        if (done < 0)
            throw LinuxException.Last(call);
        if (done != wanted)
            throw new LinuxException($"{call}, {done} of {wanted} bytes", LibC.EIO);
    }

    /// <summary>Gives the ownership away: the new owner closes the descriptor.</summary>
    public void GiveAway()
    {
        SetHandleAsInvalid();
        Interlocked.Decrement(ref s_live);
    }

    protected override bool ReleaseHandle()
    {
        Interlocked.Decrement(ref s_live);
        return LibC.close((int)handle) == 0;
    }
}

/// <summary>open(2)'s access modes and flags.</summary>
public enum OpenMode
{
    ReadOnly = 0,
    ReadWrite = 2,

    /// <summary>O_WRONLY, O_NONBLOCK and O_NOCTTY (asm-generic/fcntl.h).</summary>
    WriteAtOnce = 1 | 0x800 | 0x100,
}

using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// A file descriptor with one owner; disposed, it is closed. Always close-on-exec. 0 is a valid number, -1 is not.
/// The program's live and peak counts are kept here, so that a report can show that nothing leaks.
/// </summary>
public sealed class Fd : SafeHandle
{
    private static int s_live;
    private static int s_peak;

    private Fd(int number) : base(new IntPtr(-1), ownsHandle: true)
    {
        SetHandle(number);
        var live = Interlocked.Increment(ref s_live);
        // Two threads may race for the peak; the program has one, tests have more and do not read it.
        if (live > s_peak)
            s_peak = live;
    }

    /// <summary>Descriptors that the program owns now.</summary>
    public static int Live => Volatile.Read(ref s_live);

    /// <summary>The most that it ever owned at once.</summary>
    public static int Peak => s_peak;

    public override bool IsInvalid => handle == new IntPtr(-1);

    /// <summary>The number, for a call made right now; the handle keeps the ownership.</summary>
    /// <exception cref="ObjectDisposedException">It is closed, and the number may be another file's by now.</exception>
    public int Number
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return (int)handle;
        }
    }

    /// <summary>Takes ownership of a descriptor that somebody handed to us, and sets FD_CLOEXEC on it: mbochs, for one, exports without.</summary>
    /// <exception cref="LinuxException">It is not open.</exception>
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

    /// <summary>For a question now; the handle keeps the ownership.</summary>
    public BorrowedFd Borrow() => new(Number);

    /// <summary>A second descriptor of the same open file.</summary>
    public Fd Duplicate() => Borrow().Duplicate();

    /// <summary>pread(2) of exactly <paramref name="bytes"/>.</summary>
    public unsafe void ReadAt(Span<byte> bytes, long offset)
    {
        fixed (byte* p = bytes)
            CheckWhole((long)LibC.pread(Number, p, bytes.Length, offset), bytes.Length, $"pread at 0x{offset:x}");
    }

    /// <summary>pwrite(2) of exactly <paramref name="bytes"/>.</summary>
    public unsafe void WriteAt(ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* p = bytes)
            CheckWhole((long)LibC.pwrite(Number, p, bytes.Length, offset), bytes.Length, $"pwrite at 0x{offset:x}");
    }

    /// <summary>write(2), for a pipe or socket; whether all of it went.</summary>
    public unsafe bool Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            return LibC.write(Number, p, bytes.Length) == bytes.Length;
    }

    /// <summary>A device's registers come whole or not at all.</summary>
    private static void CheckWhole(long done, int wanted, string call)
    {
        if (done < 0)
            throw LinuxException.Last(call);
        if (done != wanted)
            throw new LinuxException($"{call}, {done} of {wanted} bytes", LibC.EIO);
    }

    /// <summary>Another owner has it now, and closes it.</summary>
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

/// <summary>open(2)'s access modes.</summary>
public enum OpenMode
{
    ReadOnly = 0,
    ReadWrite = 2,
}

using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>Pipes (pipe(7)), and reads and writes that do not block.</summary>
public static unsafe class Pipe
{
    public static (Fd Read, Fd Write) Create()
    {
        var numbers = stackalloc int[2];
        if (LibC.pipe2(numbers, LibC.O_CLOEXEC) < 0)
            throw LinuxException.Last("pipe2");
        return (Fd.Own(numbers[0]), Fd.Own(numbers[1]));
    }

    /// <summary>
    /// Sets O_NONBLOCK. The flag belongs to the open file, so it also holds for other processes that share this end.
    /// </summary>
    public static void NeverWait(Fd fd)
    {
        if (LibC.fcntl(fd.Number, LibC.F_SETFL, LibC.fcntl(fd.Number, LibC.F_GETFL) | LibC.O_NONBLOCK) < 0)
            throw LinuxException.Last("O_NONBLOCK");
    }

    /// <summary>The number of bytes read, 0 at the end, -1 if there is nothing to read yet.</summary>
    public static int Read(Fd fd, Span<byte> bytes)
    {
        fixed (byte* p = bytes)
            return Result((long)LibC.read(fd.Number, p, bytes.Length), "read");
    }

    /// <summary>The number of bytes written, -1 if none can be written yet.</summary>
    public static int Write(Fd fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            return Result((long)LibC.write(fd.Number, p, bytes.Length), "write");
    }

    private static int Result(long count, string call)
    {
        if (count >= 0)
            return (int)count;
        return LibC.errno == LibC.EAGAIN || LibC.errno == LibC.EINTR ? -1 : throw LinuxException.Last(call);
    }
}

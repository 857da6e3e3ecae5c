using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// A standard stream that only calls write(2). .NET's Console also sends control sequences to a terminal, and FileStream keeps
/// a file position, with which it overwrites what other processes write to the same file.
/// </summary>
public sealed class StandardStream(int descriptor) : WriteOnlyStream
{
    /// <summary>
    /// A terminal that nobody reads takes a part of a line and waits with the rest, and O_NONBLOCK would hold for the user's
    /// shell too: standard error's terminal is opened once more. Null if it may not be, or is none.
    /// </summary>
    private readonly Fd? _own = descriptor == Error && IsTerminal(descriptor) ? Reopen() : null;

    public const int Output = 1, Error = 2;

    /// <summary>PIPE_BUF (limits.h): a pipe that poll(2) reports as writable has room for this much.</summary>
    private const int PipeRoom = 4096;

    /// <summary>True if the descriptor is a terminal (isatty(3)).</summary>
    public static bool IsTerminal(int descriptor) => LibC.isatty(descriptor) == 1;

    /// <summary>
    /// Writes all of it. Standard error drops what cannot be written at once: a terminal that the user has stopped (Ctrl+S), or a
    /// pipe that nobody reads, must not stop the show.
    /// </summary>
    /// <exception cref="LinuxException">Standard output cannot be written: the disk is full, or the reader has gone.</exception>
    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            if (descriptor == Error && !HasRoom(timeoutMs: 0))
                return;
            var length = descriptor == Error ? Math.Min(buffer.Length, PipeRoom) : buffer.Length;
            long written;
            fixed (byte* p = buffer)
                written = (long)LibC.write(_own?.Number ?? descriptor, p, length);
            var errno = written < 0 ? LibC.errno : written == 0 ? LibC.EIO : 0;
            if (errno == 0)
                buffer = buffer[(int)written..];
            else if (errno == LibC.EAGAIN && descriptor == Output)
                HasRoom(timeoutMs: -1);
            else if (errno != LibC.EINTR && descriptor == Output)
                throw new LinuxException("write", errno);
            else if (errno != LibC.EINTR)
                return;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _own?.Dispose();
        base.Dispose(disposing);
    }

    private static Fd? Reopen()
    {
        try
        {
            return Fd.Open($"/proc/self/fd/{Error}", OpenMode.WriteAtOnce);
        }
        catch (LinuxException)
        {
            // Another user's terminal (su), or none that has a path here.
            return null;
        }
    }

    /// <summary>Waits for room at most that long; -1: for ever. The other end of a pipe may have made it non-blocking.</summary>
    private unsafe bool HasRoom(int timeoutMs)
    {
        var polled = new pollfd { fd = descriptor, events = LibC.POLLOUT };
        return LibC.poll(&polled, 1, timeoutMs) != 0;
    }
}

using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A pipe or a device that another program reads. A reader that stands still is waited for, but not for ever.</summary>
public sealed class PipeStream : WriteOnlyStream
{
    // F_SETPIPE_SZ (include/uapi/linux/fcntl.h), and the largest pipe of a user without privileges (pipe(7)).
    private const int SetPipeSize = 1031, LargestPipe = 1 << 20;

    private readonly Fd _pipe;
    private readonly int _patienceMs;

    /// <param name="path">The pipe, or the device.</param>
    /// <param name="patienceMs">How long one write waits for the reader at most; 0: not at all.</param>
    /// <exception cref="LinuxException">ENXIO: no program reads it. Or it cannot be opened.</exception>
    public PipeStream(string path, int patienceMs)
    {
        (_pipe, _patienceMs) = (Fd.Open(path, OpenMode.WriteAtOnce), patienceMs);
        // A device has no size, and a pipe's is only room for a reader that is late.
        _ = LibC.fcntl(_pipe.Number, SetPipeSize, LargestPipe);
    }

    /// <summary>Writes all of it.</summary>
    /// <exception cref="LinuxException">EAGAIN: the reader stands still. EPIPE: it has gone.</exception>
    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            long written;
            fixed (byte* p = buffer)
                written = (long)LibC.write(_pipe.Number, p, buffer.Length);
            var errno = written < 0 ? LibC.errno : written == 0 ? LibC.EIO : 0;
            if (errno == 0)
                buffer = buffer[(int)written..];
            else if (errno != LibC.EINTR && !(errno == LibC.EAGAIN && HasRoom()))
                throw new LinuxException("write", errno);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _pipe.Dispose();
        base.Dispose(disposing);
    }

    private unsafe bool HasRoom()
    {
        var polled = new pollfd { fd = _pipe.Number, events = LibC.POLLOUT };
        return LibC.poll(&polled, 1, _patienceMs) != 0;
    }
}

using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// A standard stream as write(2) alone. .NET's Console sends a terminal control sequences of its own, and a FileStream
/// keeps a position of its own, which overwrites what others write to the same file.
/// </summary>
public sealed class StandardStream(int descriptor) : Stream
{
    public const int Output = 1, Error = 2;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether somebody sits in front of it (isatty(3)).</summary>
    public static bool IsTerminal(int descriptor) => LibC.isatty(descriptor) == 1;

    /// <summary>What cannot be written (a reader that went away) is dropped: there is nobody to tell.</summary>
    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            long written;
            fixed (byte* p = buffer)
                written = (long)LibC.write(descriptor, p, buffer.Length);
            if (written < 0 && LibC.errno == LibC.EINTR)
                continue;
            if (written <= 0)
                return;
            buffer = buffer[(int)written..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>Memory mapped from a file descriptor (mmap(2); MAP_SHARED by default).</summary>
public sealed unsafe class Mapping : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly long _length;

    private Mapping(void* address, long length) : base(ownsHandle: true)
    {
        SetHandle((nint)address);
        _length = length;
    }

    /// <summary>
    /// Maps <paramref name="length"/> bytes from <paramref name="offset"/>. Null if that fails, with the reason in
    /// <paramref name="errno"/>.
    /// </summary>
    public static Mapping? Try(Fd fd, long length, bool writable, out int errno, long offset = 0, bool shared = true)
    {
        var protection = LibC.PROT_READ | (writable ? LibC.PROT_WRITE : 0);
        var flags = shared ? LibC.MAP_SHARED : LibC.MAP_PRIVATE;
        var address = LibC.mmap(null, (size_t)(ulong)length, protection, flags, fd.Number, offset);
        errno = address == LibC.MAP_FAILED ? LibC.errno : 0;
        return errno == 0 ? new Mapping(address, length) : null;
    }

    /// <summary>Maps as <see cref="Try"/> does, but throws a <see cref="LinuxException"/> on failure.</summary>
    public static Mapping Of(Fd fd, long length, bool writable, long offset = 0, bool shared = true) =>
        Try(fd, length, writable, out var errno, offset, shared) ?? throw new LinuxException($"mmap of {length} bytes", errno);

    /// <summary>The mapped bytes, at most 2 GiB. The span must not be used after Dispose.</summary>
    /// <exception cref="ObjectDisposedException">The memory is not mapped any more.</exception>
    public Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return new((void*)handle, checked((int)_length));
        }
    }

    protected override bool ReleaseHandle() => LibC.munmap((void*)handle, (size_t)(ulong)_length) == 0;
}

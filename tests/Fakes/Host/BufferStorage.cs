namespace Guestplane.Tests.Fakes;

/// <summary>The memory of a wl_buffer. Format is a DRM fourcc.</summary>
internal abstract record BufferStorage(string Kind, int Width, int Height, uint Format, ulong Modifier) : IDisposable
{
    public abstract HostPixels Read(int plane);

    /// <summary>Null, or why the memory is too small.</summary>
    public virtual string? Problem() => null;

    public abstract void Dispose();
}

internal sealed record SinglePixelStorage(byte[] Pixel)
    : BufferStorage("single-pixel", 1, 1, HostFormat.Code("AR24"), HostFormat.Linear)
{
    public override HostPixels Read(int plane) => new(1, 1, Pixel.Length, Format, Pixel);

    public override void Dispose()
    {
    }
}

internal sealed record ShmStorage(ShmMemory Memory, int Offset, int Width, int Height, int Stride, uint Format)
    : BufferStorage("shm", Width, Height, Format, HostFormat.Linear)
{
    public override HostPixels Read(int plane) =>
        new(Width, Height, Stride, Format, Memory.Fd.Read(Offset, Stride * Height));

    public override string? Problem()
    {
        var size = Memory.Fd.Size();
        var end = Offset + ((long)Stride * Height);
        return end > size ? $"wl_shm buffer ends at {end} in a file of {size} bytes" : null;
    }

    public override void Dispose() => Memory.Drop();
}

/// <summary>The file of a pool; exists as long as the pool or any of its buffers.</summary>
internal sealed class ShmMemory(HostFd fd)
{
    private int _users = 1;

    public HostFd Fd { get; } = fd;

    public ShmMemory Hold()
    {
        _users++;
        return this;
    }

    public void Drop()
    {
        if (--_users == 0)
            Fd.Dispose();
    }
}

internal sealed record DmabufPlane(HostFd Fd, uint Offset, uint Stride, ulong Modifier);

internal sealed record DmabufStorage(int Width, int Height, uint Format, ulong Modifier, DmabufPlane[] Planes)
    : BufferStorage("dmabuf", Width, Height, Format, Modifier)
{
    public override HostPixels Read(int plane)
    {
        if (Modifier != HostFormat.Linear)
            throw new InvalidOperationException($"modifier 0x{Modifier:x} is not linear");
        var (fd, offset, stride) = (Planes[plane].Fd, Planes[plane].Offset, (int)Planes[plane].Stride);
        var rows = (int)(FormatLayout.Of(Format)?[plane].Rows(Height) ?? Height);
        return new HostPixels(Width, rows, stride, Format, fd.Read(offset, stride * rows));
    }

    public override void Dispose()
    {
        foreach (var plane in Planes)
            plane.Fd.Dispose();
    }
}

namespace Guestplane.Tests.Fakes;

/// <summary>wl_shm, with the checks and error codes of libwayland-server.</summary>
internal sealed class HostShm(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint InvalidStride = 1;
    private const uint InvalidFd = 2;

    public override void Bound()
    {
        foreach (var format in Host.Setup.ShmFormats)
            Send("format", format);
    }

    public override void Handle(Request request)
    {
        if (request.Name != "create_pool")
            return;
        var size = request.Int("size");
        if (size <= 0)
            throw Fault(InvalidStride, $"invalid size ({size})");
        var fd = request.TakeFd("fd");
        if (!fd.CanMap(size, Libc.PROT_READ | Libc.PROT_WRITE))
        {
            fd.Dispose();
            throw Fault(InvalidFd, "failed mmap of the pool's fd");
        }
        request.New<HostShmPool>("id").Start(fd, size);
    }
}

internal sealed class HostShmPool(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint InvalidFormat = 0;
    private const uint InvalidStride = 1;
    private const uint InvalidFd = 2;

    private ShmMemory? _memory;
    private int _size;

    public void Start(HostFd fd, int size)
    {
        _memory = new ShmMemory(fd);
        _size = size;
        Host.CountPool();
    }

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "create_buffer": CreateBuffer(request); break;
            case "resize": Resize(request.Int("size")); break;
        }
    }

    protected override void Freed() => _memory?.Drop();

    private void CreateBuffer(Request request)
    {
        var (offset, width, height, stride) =
            (request.Int("offset"), request.Int("width"), request.Int("height"), request.Int("stride"));
        var format = request.UInt("format");
        if (!Host.Setup.ShmFormats.Contains(format))
            throw Fault(InvalidFormat, $"invalid format 0x{format:x}");
        var fourcc = FormatLayout.FromShm(format);
        var isTooNarrow = stride < width || FormatLayout.Of(fourcc) is { } planes && stride < planes[0].MinStride(width);
        if (offset < 0 || width <= 0 || height <= 0 || isTooNarrow
            || int.MaxValue / stride < height || offset > _size - (stride * height))
            throw Fault(InvalidStride, $"invalid width, height or stride ({width}x{height}, {stride}) at {offset} of {_size}");
        request.New<HostWlBuffer>("id").Storage = new ShmStorage(_memory!.Hold(), offset, width, height, stride, fourcc);
    }

    private void Resize(int size)
    {
        if (size < _size)
            throw Fault(InvalidFd, $"shrinking the pool from {_size} to {size}");
        if (!_memory!.Fd.CanMap(size, Libc.PROT_READ | Libc.PROT_WRITE))
            throw Fault(InvalidFd, "failed mmap of the resized pool");
        _size = size;
    }
}

internal sealed class HostSinglePixel(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public override void Handle(Request request)
    {
        if (request.Name != "create_u32_rgba_buffer")
            return;
        var pixel = new[] { "b", "g", "r", "a" }.Select(channel => (byte)(request.UInt(channel) >> 24)).ToArray();
        request.New<HostWlBuffer>("id").Storage = new SinglePixelStorage(pixel);
    }
}

using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Pattern;

/// <summary>One image of the test pattern: its memory, mapped for drawing, and its scanout.</summary>
internal sealed class PatternBuffer : IDisposable
{
    // Alignment of rows, in bytes; the GPUs that import LINEAR buffers need 64 to 256.
    private const int StrideAlignment = 256;
    private const int PageSize = 4096;

    // include/uapi/linux/udmabuf.h, include/uapi/linux/dma-heap.h.
    internal const uint IoctlUdmabufCreate = 0x40187542, IoctlHeapAllocate = 0xc0184800;
    private const uint UdmabufCloseOnExec = 1;
    private const uint HeapReadWriteCloseOnExec = 0x80002;

    private readonly Mapping _mapping;
    private readonly Fd? _memfd;

    private PatternBuffer(Scanout scanout, Mapping mapping, Fd? memfd) =>
        (Scanout, _mapping, _memfd) = (scanout, mapping, memfd);

    public Scanout Scanout { get; }

    public int Stride => (int)Scanout.Layout.Planes[0].Stride;

    /// <exception cref="SourceException">The requested kind of memory is not available.</exception>
    public static PatternBuffer Create(int width, int height, Fourcc format, PatternMemory memory)
    {
        var known = PixelFormat.Find(format)!;
        var stride = (known.RowBytes(0, width) + StrideAlignment - 1) / StrideAlignment * StrideAlignment;
        var planes = new List<MemoryPlane>();
        long size = 0;
        for (var i = 0; i < known.PlaneCount; i++)
        {
            planes.Add(new((uint)size, (uint)stride, 0));
            size += stride * known.Rows(i, height);
        }
        size = (size + PageSize - 1) / PageSize * PageSize;
        var (fd, memfd) = Allocate(size, memory);
        // Mapped through the memfd where there is one: it is the same memory, and the udmabuf need not be mappable.
        var mapping = Mapping.Of(memfd ?? fd, size, writable: true);
        var scanout = Scanout.Create([fd], new((uint)width, (uint)height, format, Modifier.Linear, planes), out var problem);
        return scanout is null ? throw new InvalidOperationException(problem) : new(scanout, mapping, memfd);
    }

    /// <summary>Draws, between the calls that flush the exporter's caches.</summary>
    public void Draw(Action<Span<byte>, uint> paint, uint frame)
    {
        DmaBuf.BeginWrite(Scanout.Memory(0));
        paint(_mapping.Bytes, frame);
        DmaBuf.EndWrite(Scanout.Memory(0));
    }

    public void Dispose()
    {
        Scanout.Dispose();
        _mapping.Dispose();
        _memfd?.Dispose();
    }

    private static (Fd Fd, Fd? Memfd) Allocate(long size, PatternMemory memory)
    {
        LinuxException? failure = null;
        PatternMemory[] kinds = memory == PatternMemory.Auto
            ? [PatternMemory.Udmabuf, PatternMemory.Heap, PatternMemory.Memfd]
            : [memory];
        foreach (var kind in kinds)
        {
            try
            {
                return kind switch
                {
                    PatternMemory.Udmabuf => Udmabuf(size),
                    PatternMemory.Heap => (Heap(size), null),
                    _ => (Memfd.Create("guestplane-pattern", size), null),
                };
            }
            catch (LinuxException e) when (e.Errno != Errno.TooManyFiles)
            {
                failure = e;
            }
        }
        var fault = failure!.Errno == Errno.Denied ? SourceFault.NotPermitted : SourceFault.NotThere;
        throw new SourceException(fault, $"The test pattern has no {memory} memory here: {failure.Message}; try memory=auto.");
    }

    private static (Fd, Fd?) Udmabuf(long size)
    {
        using var device = Fd.Open("/dev/udmabuf");
        var memfd = Memfd.Create("guestplane-pattern", size);
        var argument = new UdmabufCreate { Memfd = (uint)memfd.Number, Flags = UdmabufCloseOnExec, Size = (ulong)size };
        var result = Ioctl.Try(device, IoctlUdmabufCreate, ref argument);
        if (result >= 0)
            return (Fd.Own(result), memfd);
        memfd.Dispose();
        throw new LinuxException($"UDMABUF_CREATE of {size} bytes", -result);
    }

    private static Fd Heap(long size)
    {
        using var device = Fd.Open("/dev/dma_heap/system");
        var argument = new HeapAllocation { Length = (ulong)size, FdFlags = HeapReadWriteCloseOnExec };
        var result = Ioctl.Try(device, IoctlHeapAllocate, ref argument);
        return result >= 0
            ? Fd.Own((int)argument.Fd)
            : throw new LinuxException($"DMA_HEAP_IOCTL_ALLOC of {size} bytes", -result);
    }

    /// <summary>struct udmabuf_create.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct UdmabufCreate
    {
        public uint Memfd, Flags;
        public ulong Offset, Size;
    }

    /// <summary>struct dma_heap_allocation_data.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct HeapAllocation
    {
        public ulong Length;
        public uint Fd, FdFlags;
        public ulong HeapFlags;
    }
}

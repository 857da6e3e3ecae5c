using BenchmarkDotNet.Attributes;
using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Micro;

/// <summary>What polling a vGPU costs on top of the kernel: QUERY's answer, to a flip. The ioctls are a stand-in.</summary>
[MemoryDiagnoser]
public class VfioQuery : IVfioGfx, IDisposable
{
    private const uint Width = 1024, Height = 768;
    private readonly Head _head = new("0");
    private readonly VfioPlane _plane;
    private long _now, _flips;
    private uint _id = 1;

    public VfioQuery()
    {
        _plane = new VfioPlane(PlaneKind.Primary, this, mayEvict: false);
        _head.Flipped += _ => _flips++;
    }

    [Benchmark(Description = "query: the guest has flipped")]
    public long Flipped()
    {
        _id = 3 - _id;
        return Poll();
    }

    [Benchmark(Description = "query: it has not")]
    public long Stands() => Poll();

    int IVfioGfx.Query(ref GfxPlaneInfo plane)
    {
        (plane.Format, plane.Width, plane.Height, plane.Stride) = (Fourcc.Xrgb8888.Code, Width, Height, Width * 4);
        (plane.Size, plane.Id, plane.HotX, plane.HotY) = (Width * Height * 4, _id, uint.MaxValue, uint.MaxValue);
        return 0;
    }

    int IVfioGfx.GetDmaBuf(uint id)
    {
        using var memory = Memfd.Create("micro", Width * Height * 4);
        var number = memory.Number;
        memory.GiveAway();
        return number;
    }

    public void Dispose()
    {
        _plane.Dispose();
        GC.SuppressFinalize(this);
    }

    // A microsecond later each: an id that stands for a second would be taken for a front buffer.
    private long Poll()
    {
        _plane.Poll(_head, _now += 1, out var lost);
        return lost is null ? _flips : throw new InvalidOperationException(lost);
    }
}

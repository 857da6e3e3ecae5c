using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Tests.Gvt;

/// <summary>The two plane ioctls of a driver with mbochs' manners: the first query of a mode fails, an id may be got once while it is held.</summary>
internal sealed class FakeVgpu : IVfioGfx
{
    private readonly HashSet<uint> _seen = [];

    /// <summary>What QUERY answers for the primary plane; Format 0: off.</summary>
    public GfxPlaneInfo Plane { get; set; } = Xrgb(1, 640, 480);

    /// <summary>errno of QUERY for a kind of plane, 0 none.</summary>
    public Func<PlaneKind, int> QueryErrno { get; set; } = _ => 0;

    /// <summary>errno of GET, 0 none.</summary>
    public int GetErrno { get; set; }

    /// <summary>Runs when GET fails.</summary>
    public Action GetFails { get; set; } = () => { };

    /// <summary>Answers ENOMEM to the first query of each id.</summary>
    public bool FirstQueryFails { get; set; }

    /// <summary>Leaves the struct alone for a plane that is off, as GVT-g does.</summary>
    public bool LeavesStructAlone { get; set; }

    /// <summary>Bytes of the dma-bufs that are handed out.</summary>
    public long BufferSize { get; set; } = 640 * 480 * 4;

    public int Queries { get; private set; }

    public List<uint> Gets { get; } = [];

    public static GfxPlaneInfo Xrgb(uint id, uint width, uint height) => new()
    {
        Format = Fourcc.Xrgb8888.Code,
        Width = width,
        Height = height,
        Stride = width * 4,
        Size = width * height * 4,
        Id = id,
        HotX = uint.MaxValue,
        HotY = uint.MaxValue,
    };

    public int Query(ref GfxPlaneInfo plane)
    {
        Queries++;
        Assert.Equal(64u, plane.ArgumentSize);
        Assert.Equal((0u, 0u, 0u), (plane.Format, plane.Width, plane.Id));
        if (QueryErrno((PlaneKind)plane.PlaneType) is var errno and not 0)
            return -errno;
        if (FirstQueryFails && _seen.Add(Plane.Id))
            return -Errno.NoMemory;
        if (Plane.Format == 0 && LeavesStructAlone)
            return 0;
        plane = Plane with { ArgumentSize = plane.ArgumentSize, Flags = plane.Flags, PlaneType = plane.PlaneType };
        return 0;
    }

    public int GetDmaBuf(uint id)
    {
        Gets.Add(id);
        if (GetErrno != 0)
        {
            GetFails();
            return -GetErrno;
        }
        using var memory = Memfd.Create("vgpu", BufferSize);
        var number = memory.Number;
        // The caller owns what it gets.
        memory.GiveAway();
        return number;
    }
}

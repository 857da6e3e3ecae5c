using System.Runtime.CompilerServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// One plane of a vGPU: query, look whether its dma-buf is held already, else get it. Its rules are the drivers' (mbochs,
/// GVT-g): the struct is zeroed before every query, since GVT-g leaves it alone for a plane that is off; ENOMEM is the
/// first answer to every new mode of mbochs; an id is got once and kept.
/// </summary>
/// <param name="kind">Which one.</param>
/// <param name="device">The vGPU.</param>
/// <param name="mayEvict">Ids may be let go, and got again.</param>
/// <param name="gpu">The only device that can read its dma-bufs, as a folder of /sys/devices; null for any.</param>
internal sealed class VfioPlane(PlaneKind kind, IVfioGfx device, bool mayEvict, string? gpu = null) : IDisposable
{
    private const long MillisecondNs = 1_000_000;
    private const long FirstBackOff = 50 * MillisecondNs;

    // GVT-g logs each query that fails: a mode that it cannot describe may stand for hours, and so may a cursor.
    private readonly long _longestBackOff = (kind == PlaneKind.Primary ? 2_000 : 30_000) * MillisecondNs;

    /// <summary>An id that has stood for this long tells nothing of what is drawn: the guest draws into its front buffer.</summary>
    private const long FrontBufferAfter = 1000 * MillisecondNs;

    /// <summary>A cursor that is redrawn in place is rare and small: looked at less often.</summary>
    private const long CursorRedraw = 100 * MillisecondNs;

    /// <summary>QEMU keeps 5 (hw/vfio/display.c); an id costs a descriptor, and a second GET an import.</summary>
    private const int KeptWhereEvictable = 16;

    /// <summary>Where ids must be kept for good, a guest that makes ever new ones would take every descriptor that we may have.</summary>
    private const int MostIds = 256;

    /// <summary>A cursor further out than this is no position.</summary>
    private const int FarthestPosition = 32768;

    /// <summary>Most drivers have no cursor plane and none an overlay, and say of them each time that they show nothing.</summary>
    private const long UnseenNs = 100_000_000;

    private readonly Dictionary<uint, Held> _held = [];
    private GfxPlaneInfo _info;
    private Scanout? _shown;
    private PixelPoint _position, _hotspot;
    private long _idSince, _redrawn, _backOff;
    private string? _refused;

    public PlaneKind Kind => kind;

    /// <summary>The driver has no such plane: it need not be asked again.</summary>
    public bool IsAbsent { get; private set; }

    /// <summary>dma-bufs that were got from the device.</summary>
    public int Gets { get; private set; }

    /// <summary>
    /// Asks once. Returns the moment from which it may be asked again (ns); <paramref name="lost"/> when the device is gone.
    /// </summary>
    public long Ask(Head head, long now, out string? lost)
    {
        lost = null;
        var result = Query();
        if (result < 0)
            return Failed(head, now, "VFIO_DEVICE_QUERY_GFX_PLANE", -result, out lost);
        if (_info.Format == 0 || _info.Size == 0)
        {
            Show(head, null, now);
            return Math.Max(Succeeded(now), kind == PlaneKind.Primary || Gets > 0 ? now : now + UnseenNs);
        }
        var held = Find(out var old, out var errno, out var problem);
        if (held is null && IsStale(errno) && Query() == 0)
            held = Find(out old, out errno, out problem);
        if (held is null)
            return problem is not null ? Refused(head, now, problem)
                : Failed(head, now, $"VFIO_DEVICE_GET_GFX_DMABUF of id {_info.Id}", errno, out lost);
        held.LastShown = now;
        if (held.Scanout is null)
            return Refused(head, now, held.Problem!);
        Show(head, held.Scanout, now);
        old?.Dispose();
        return Succeeded(now);
    }

    public void Dispose()
    {
        foreach (var held in _held.Values)
            held.Dispose();
        _held.Clear();
    }

    private int Query()
    {
        var result = 0;
        for (var attempt = 0; attempt < 2; attempt++)
        {
            _info = new GfxPlaneInfo
            {
                ArgumentSize = (uint)Unsafe.SizeOf<GfxPlaneInfo>(),
                Flags = VfioAbi.PlaneDmabuf,
                PlaneType = (uint)kind,
            };
            result = device.Query(ref _info);
            if (result != -Errno.NoMemory)
                break;
        }
        return result;
    }

    internal static bool IsGone(int errno) => errno == Errno.NoDevice || errno == Errno.BadFd || errno == Errno.NoDeviceOrAddress;

    private PlaneLayout Layout(long bytes) =>
        new(_info.Width, _info.Height, new(_info.Format), new(_info.Modifier), [new(0, _info.Stride, bytes)]);

    /// <summary>The id went away between QUERY and GET: mbochs and GVT-g say so in two ways.</summary>
    private static bool IsStale(int errno) => errno == Errno.NoEntry || errno == Errno.Invalid;

    /// <summary>
    /// What is held for the id that was just queried, got now if it is new; null with errno when that failed, or with the
    /// problem for which it was not tried. <paramref name="old"/>: what the id meant before (GVT-g re-uses freed ids), to be
    /// let go when the new image is up.
    /// </summary>
    private Held? Find(out Held? old, out int errno, out string? problem)
    {
        (errno, problem) = (0, null);
        if (_held.TryGetValue(_info.Id, out old) && old.Matches(_info))
        {
            var held = old;
            old = null;
            return held;
        }
        // Before it costs a descriptor; the dma-buf's own size is checked once it is there.
        problem = !mayEvict && _held.Count >= MostIds ? $"it has shown {MostIds} framebuffers, and this driver's cannot be given back"
            : Layout(long.MaxValue).Problem();
        return problem is null ? Get(ref errno) : null;
    }

    private Held? Get(ref int errno)
    {
        var number = device.GetDmaBuf(_info.Id);
        if (number < 0)
        {
            errno = -number;
            return null;
        }
        Gets++;
        var held = new Held(_info, Fd.Own(number), gpu);
        _held[_info.Id] = held;
        if (mayEvict && _held.Count > KeptWhereEvictable)
            Evict();
        return held;
    }

    private void Evict()
    {
        var oldest = _held.Where(x => x.Key != _info.Id && x.Value.Scanout != _shown).MinBy(x => x.Value.LastShown);
        oldest.Value.Dispose();
        _held.Remove(oldest.Key);
    }

    private void Show(Head head, Scanout? scanout, long now)
    {
        var flipped = scanout != _shown;
        if (flipped)
            _idSince = now;
        var moved = scanout is not null && Move();
        var redraw = kind == PlaneKind.Cursor ? CursorRedraw : 0;
        var redrawn = scanout is not null && now - _idSince >= FrontBufferAfter && now - _redrawn >= redraw;
        if (!flipped && !moved && !redrawn)
            return;
        if (flipped || redrawn)
            _redrawn = now;
        _shown = scanout;
        head.Raise(new Flip(kind, scanout, _position, _hotspot, Changed: flipped || redrawn, now));
    }

    /// <summary>Takes over position and hotspot; true when one of them changed. Only a cursor has them (vfio.h).</summary>
    private bool Move()
    {
        if (kind == PlaneKind.Primary)
            return false;
        var (x, y) = ((int)_info.X, (int)_info.Y);
        var position = Math.Abs((long)x) <= FarthestPosition && Math.Abs((long)y) <= FarthestPosition ? new PixelPoint(x, y) : _position;
        var hotspot = _info.HotX < _info.Width && _info.HotY < _info.Height ? new PixelPoint((int)_info.HotX, (int)_info.HotY) : default;
        var moved = position != _position || hotspot != _hotspot;
        (_position, _hotspot) = (position, hotspot);
        return moved;
    }

    private long Succeeded(long now)
    {
        _backOff = 0;
        _refused = null;
        return now;
    }

    /// <summary>The last good image stays; the driver is left in peace for ever longer, since GVT-g logs each failed query.</summary>
    private long Failed(Head head, long now, string call, int errno, out string? lost)
    {
        lost = IsGone(errno) ? $"{call} says that the device is gone" : null;
        // GVT-g knows two kinds of planes and answers EINVAL for the third; for those two that is a mode it cannot describe.
        if (kind == PlaneKind.Overlay && errno == Errno.Invalid && _shown is null)
            IsAbsent = true;
        else if (lost is null && _backOff > 0)
            Refuse(head, $"{new LinuxException(call, errno).Message}; the last image stays");
        return BackOff(now);
    }

    private long BackOff(long now)
    {
        _backOff = Math.Clamp(_backOff * 2, FirstBackOff, _longestBackOff);
        return now + _backOff;
    }

    private long Refused(Head head, long now, string problem)
    {
        Refuse(head, problem);
        return BackOff(now);
    }

    /// <summary>Said once, until something could be shown again: a guest that is wrong in ever new ways is not worth a line each.</summary>
    private void Refuse(Head head, string problem)
    {
        if (_refused is not null)
            return;
        _refused = problem;
        head.Refuse($"The guest's {kind.ToString().ToLowerInvariant()} plane cannot be shown: {problem}.");
    }

    /// <summary>A dma-buf that was got, with what was said of it then. One that was refused is kept too: it may not be got twice.</summary>
    private sealed class Held : IDisposable
    {
        private readonly GfxPlaneInfo _info;
        private readonly Fd _fd;

        public Held(GfxPlaneInfo info, Fd fd, string? gpu)
        {
            (_info, _fd) = (info, fd);
            var layout = new PlaneLayout(info.Width, info.Height, new(info.Format), new(info.Modifier), [new(0, info.Stride, 0)]);
            Scanout = Scanout.Create([fd], layout, out var problem, gpu: gpu);
            Problem = problem;
        }

        public Scanout? Scanout { get; }

        public string? Problem { get; }

        public long LastShown { get; set; }

        public bool Matches(in GfxPlaneInfo info) =>
            (info.Width, info.Height, info.Stride, info.Format, info.Modifier) == (_info.Width, _info.Height, _info.Stride, _info.Format, _info.Modifier);

        public void Dispose()
        {
            Scanout?.Dispose();
            _fd.Dispose();
        }
    }
}

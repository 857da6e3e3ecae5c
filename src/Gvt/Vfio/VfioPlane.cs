using System.Runtime.CompilerServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// One plane of a vGPU: QUERY, then GET the dma-buf of an id that is not held yet. It follows the drivers' (mbochs, GVT-g)
/// behaviour: the struct is zeroed before every query, because GVT-g does not touch it for a plane that is off; mbochs answers
/// the first query of every new mode with ENOMEM; an id is got once and kept.
/// </summary>
/// <param name="kind">The kind of the plane.</param>
/// <param name="device">The vGPU.</param>
/// <param name="mayEvict">See <see cref="VfioDevice.MayEvict"/>.</param>
/// <param name="gpu">The /sys/devices folder of the only device that can read its dma-bufs; null if all can.</param>
// Fields: four are the parameters of the constructor, and six are counters and flags that others read.
internal sealed class VfioPlane(PlaneKind kind, IVfioGfx device, bool mayEvict, string? gpu = null) : IDisposable
{
    private const long MillisecondNs = 1_000_000;
    private const long FirstBackOff = 50 * MillisecondNs;

    /// <summary>
    /// A failure that is repeated this rarely has lasted for 750 ms. GVT-g fails for as long as its guest is in the middle of a
    /// mode change, which is nothing to report.
    /// </summary>
    private const long ReportedBackOff = 400 * MillisecondNs;

    // GVT-g logs every failed query, and a mode or cursor that it cannot describe may stay for hours.
    private readonly long _longestBackOff = (kind == PlaneKind.Primary ? 2_000 : 30_000) * MillisecondNs;

    /// <summary>
    /// If the id does not change for this long, the guest may be drawing into its front buffer, and nothing reports what it
    /// draws: from then on every query counts as a change.
    /// </summary>
    private const long FrontBufferAfter = 1000 * MillisecondNs;

    /// <summary>The same for a cursor, at most this often: cursors are rarely redrawn in place.</summary>
    private const long CursorRedraw = 100 * MillisecondNs;

    /// <summary>
    /// How many ids are kept if they may be evicted. QEMU keeps 5 (hw/vfio/display.c). An id costs a descriptor; a second GET
    /// costs an import.
    /// </summary>
    private const int KeptWhereEvictable = 16;

    /// <summary>
    /// The limit if ids must never be released, so that a guest with ever new ones cannot use up all our descriptors.
    /// </summary>
    private const int MostIds = 256;

    /// <summary>
    /// A cursor or overlay that was never on is queried this rarely: most drivers lack it, and report it as off. So the first
    /// cursor of a guest appears up to half a second late.
    /// </summary>
    private const long UnseenNs = 500 * MillisecondNs;

    private readonly Dictionary<uint, Held> _held = [];
    private GfxPlaneInfo _info;
    private Scanout? _shown;
    private PixelPoint _position, _hotspot;
    private long _idSince, _redrawn, _backOff;
    private string? _refused;

    /// <summary>The driver has no such plane; it need not be polled again.</summary>
    public bool IsAbsent { get; private set; }

    /// <summary>The number of dma-bufs that were got from the device.</summary>
    public int Gets { get; private set; }

    /// <summary>
    /// Polls the plane once. Returns the earliest time of the next poll (ns). <paramref name="lost"/> is set if the device is
    /// gone.
    /// </summary>
    public long Poll(Head head, long now, out string? lost)
    {
        lost = null;
        var result = Query();
        if (result < 0)
            return Failed(head, now, "VFIO_DEVICE_QUERY_GFX_PLANE", -result, out lost);
        if (IsOff)
            return SwitchedOff(head, now);
        var held = Find(out var old, out var errno, out var problem);
        if (held is null && IsStale(errno) && Query() == 0)
        {
            if (IsOff)
                return SwitchedOff(head, now);
            held = Find(out old, out errno, out problem);
        }
        if (held is null)
            return problem is not null ? Refused(head, now, problem)
                : Failed(head, now, $"VFIO_DEVICE_GET_GFX_DMABUF of id {_info.Id}", errno, out lost);
        held.LastShown = now;
        if (held.Scanout is not null)
            Show(head, held.Scanout, now);
        // Disposed last, so that what is on screen is replaced first; the image stays on screen if there is no new one.
        old?.Dispose();
        return held.Scanout is null ? Refused(head, now, held.Problem!) : Succeeded(now);
    }

    public void Dispose()
    {
        foreach (var held in _held.Values)
            held.Dispose();
        _held.Clear();
    }

    /// <summary>What the last query has said.</summary>
    private bool IsOff => _info.Format == 0 || _info.Size == 0;

    private long SwitchedOff(Head head, long now)
    {
        Show(head, null, now);
        return Math.Max(Succeeded(now), kind == PlaneKind.Primary || Gets > 0 ? now : now + UnseenNs);
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

    /// <summary>The id disappeared between QUERY and GET; mbochs and GVT-g return different errors for that.</summary>
    private static bool IsStale(int errno) => errno == Errno.NoEntry || errno == Errno.Invalid;

    /// <summary>
    /// What is held for the id of the last query; a new id is got now. Null if that failed, with errno, or if it was not tried,
    /// with the problem. <paramref name="old"/> is what the id meant before (GVT-g re-uses freed ids); it must be disposed after
    /// the new image is shown.
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
        // Checked before GET costs a descriptor; the size of the dma-buf is checked after it.
        problem = !mayEvict && _held.Count >= MostIds
            ? $"it has shown {MostIds} framebuffers, and this driver's cannot be given back"
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
        var oldest = _held.Where(x => x.Key != _info.Id && (x.Value.Scanout is null || x.Value.Scanout != _shown))
            .MinBy(x => x.Value.LastShown);
        oldest.Value.Dispose();
        _held.Remove(oldest.Key);
    }

    private void Show(Head head, Scanout? scanout, long now)
    {
        // One that is off may have been on in the life before.
        var flipped = scanout != _shown || (scanout is null && head.Newest(kind).Scanout is not null);
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

    /// <summary>Updates position and hotspot; true if one of them changed. The primary plane has none (vfio.h).</summary>
    private bool Move()
    {
        if (kind == PlaneKind.Primary)
            return false;
        var wanted = new PixelPoint((int)_info.X, (int)_info.Y);
        // A position beyond every image is a mistake of the driver's: the last one stays.
        var position = wanted == wanted.Bounded() ? wanted : _position;
        var isInside = _info.HotX < _info.Width && _info.HotY < _info.Height;
        var hotspot = isInside ? new PixelPoint((int)_info.HotX, (int)_info.HotY) : default;
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

    /// <summary>Keeps the last good image and polls ever more rarely, because GVT-g logs each failed query.</summary>
    private long Failed(Head head, long now, string call, int errno, out string? lost)
    {
        lost = IsGone(errno) ? $"{call} reports that the device is gone" : null;
        // GVT-g has no overlay and answers EINVAL for it. For its other planes EINVAL means a mode that it cannot describe.
        if (kind == PlaneKind.Overlay && errno == Errno.Invalid && _shown is null)
            IsAbsent = true;
        else if (lost is null && _backOff >= ReportedBackOff)
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

    /// <summary>
    /// Reports a problem once, until an image can be shown again; a guest that fails in ever new ways gets no further lines.
    /// </summary>
    private void Refuse(Head head, string problem)
    {
        if (_refused is not null)
            return;
        _refused = problem;
        head.Refuse($"The VM's {kind.Spelled()} plane cannot be shown: {problem}.");
    }

    /// <summary>
    /// A dma-buf with the description that it was got with. A rejected one is kept too, because an id must not be got twice.
    /// </summary>
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
            (info.Width, info.Height, info.Stride, info.Format, info.Modifier) ==
            (_info.Width, _info.Height, _info.Stride, _info.Format, _info.Modifier);

        public void Dispose()
        {
            Scanout?.Dispose();
            _fd.Dispose();
        }
    }
}

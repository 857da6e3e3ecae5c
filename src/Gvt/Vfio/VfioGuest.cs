using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>A vGPU by the kernel's VFIO gfx interface, until it is removed. Polled: mainline sends no notification.</summary>
// Fields: the parts of one device, which are opened and closed together.
public sealed class VfioGuest : IGuest
{
    /// <summary>GVT-g's GPU is Intel's integrated one, always at this address. A borrowed descriptor has no path.</summary>
    private const string IntelGpu = "/sys/devices/pci0000:00/0000:00:02.0";

    private const long LookNs = 1_000_000_000;

    private readonly VfioDevice _device;
    private readonly Loop _loop;
    private readonly Head _head;
    private readonly List<VfioPlane> _planes = [];
    private readonly VfioRegionPlane? _region;
    private readonly KnownPath? _presence, _original;
    private readonly Fd? _process;
    private readonly LoopWatch? _processWatch;
    private readonly long[] _notBefore = new long[3];
    private readonly int _dmaBufsBefore;
    private EdidRegion? _monitor;
    private bool _refusesMonitor;
    private long _looked;
    private int _looksWithoutOriginal;
    private State _state;

    /// <summary>
    /// The device, its place in sysfs if known, the VMM's process and own descriptor if the device was borrowed, and the head of
    /// its console: null for a head of its own.
    /// </summary>
    private readonly record struct Opened(
        VfioDevice Device, Mdev? Mdev = null, Fd? Process = null, KnownPath? Original = null, Head? Console = null);

    private VfioGuest(string source, Loop loop, Opened opened, Edid? edid, IGuest? before = null)
    {
        (Source, _loop, _device, _process, _original) = (source, loop, opened.Device, opened.Process, opened.Original);
        (_head, _dmaBufsBefore) = before is null ? (opened.Console ?? new Head("0"), 0) : (before.Heads[0], before.DmaBufs);
        Heads = [_head];
        try
        {
            _presence = opened.Mdev is { } mdev ? new KnownPath(mdev.PresencePath) : null;
            if (_device.Serves(VfioAbi.PlaneDmabuf))
                AddPlanes(opened.Mdev);
            else if (_device.Serves(VfioAbi.PlaneRegion))
                _region = new VfioRegionPlane(_device);
            else
                throw new SourceException(SourceFault.NotThere, !_device.IsVfio ? $"{source} is no VFIO device."
                    : $"{source} is a VFIO device{(opened.Mdev is { } known ? $" ({known.Driver})" : "")} "
                    + "without display planes; \"guestplane list\" shows those that have some.");
            if (edid is not null)
                PlugOnly(edid);
            // --edid requests that monitor and no other. A console's VMM plugs in the monitors.
            if (opened.Console is null)
                _head.Resize = edid is null && _device.EdidRegion() is not null ? PlugMonitor : null;
            // Even before the start: a borrowed descriptor keeps the VMM's group busy.
            if (_process is not null)
                loop.Add(_processWatch = new LoopWatch(_process, _ => End("the VMM has ended")));
        }
        catch
        {
            Close();
            throw;
        }
    }

    public string Source { get; }

    public IReadOnlyList<Head> Heads { get; }

    public bool IsPolled => true;

    public bool MayClose => true;

    public event Action<string>? Lost;

    public int DmaBufs => _dmaBufsBefore + _planes.Sum(plane => plane.Gets);

    /// <summary>
    /// Opens vfio:UUID, vfio:/sys/…, vfio:/dev/vfio/devices/vfioN; the paths also without "vfio:". The result takes the life
    /// before, which was lost and whose head is taken over, and throws a SourceException.
    /// </summary>
    /// <param name="edid">The only monitor of the vGPU. Null: one of the window's size.</param>
    /// <exception cref="SourceException">Usage: the source names no device.</exception>
    public static Func<IGuest?, VfioGuest> Opener(string source, Loop loop, Edid? edid)
    {
        var name = source.StartsWith("vfio:", StringComparison.Ordinal) ? source["vfio:".Length..] : source;
        if (name.StartsWith("/dev/", StringComparison.Ordinal))
            return before =>
            {
                var node = Mdev.OfNode(name);
                return new(source, loop, new(VfioOpener.OpenCdev(name, node), node), edid, before);
            };
        if (!name.StartsWith("/sys/", StringComparison.Ordinal) && !Guid.TryParseExact(name, "D", out _))
            throw new SourceException(SourceFault.Usage, $"\"{name}\" is no UUID, sysfs path or /dev/vfio/devices node; "
                + "\"guestplane list\" shows the vGPUs of this machine.");
        return before =>
        {
            var mdev = Mdev.Of(name);
            return new(source, loop, new(VfioOpener.Open(mdev), mdev), edid, before);
        };
    }

    /// <summary>Opens pid:PID, the vGPU of a VMM.</summary>
    /// <exception cref="SourceException">The message is a sentence for the user.</exception>
    public static VfioGuest OpenProcess(string source, int pid, Loop loop, Edid? edid = null)
    {
        var (display, process) = VmmProcess.Borrow(pid);
        return new VfioGuest(source, loop, new(display.Device, MdevOf(display.SysfsPath), process, display.Original), edid);
    }

    /// <summary>Opens the vGPU behind a console of a VMM that does not ask it for its planes itself now.</summary>
    /// <param name="pid">The VMM.</param>
    /// <param name="sysfsPath">The device; null if it is not known.</param>
    /// <param name="mustBeOn">True if an image is wanted now.</param>
    /// <param name="console">The head to raise the flips of.</param>
    /// <exception cref="SourceException">The message is a sentence for the user.</exception>
    // Parameters: how the VMM, its device and its console are named.
    public static VfioGuest OpenConsole(string source, Loop loop, int pid, string? sysfsPath, bool mustBeOn, Head console)
    {
        var path = sysfsPath is null ? null : RealPath.Of(sysfsPath);
        var (display, process) = VmmProcess.Borrow(pid, displays => Meant(displays, path) ?? throw new SourceException(
            SourceFault.NotThere, $"Which of the {displays.Count} vGPUs of pid {pid} belongs to the console is not known."));
        var guest = new VfioGuest(source, loop, new(display.Device, MdevOf(path), process, display.Original, console), null);
        try
        {
            guest.CheckConsole(pid, path is null ? "" : new Mdev(path).Driver, mustBeOn);
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    /// <summary>The device at that path, or the only one if the kernel does not tell its path.</summary>
    private static VmmDisplay? Meant(List<VmmDisplay> displays, string? path) =>
        displays is [var only] && (path is null || only.SysfsPath is null) ? only
            : displays.FindIndex(display => path is not null && display.SysfsPath == path) is >= 0 and var found ? displays[found]
            : null;

    private static Mdev? MdevOf(string? sysfsPath) => sysfsPath is null ? null : new(sysfsPath);

    /// <summary>Opens fd:N, an inherited descriptor of a device.</summary>
    /// <exception cref="SourceException">The message is a sentence for the user.</exception>
    public static VfioGuest OpenFd(string source, int number, Loop loop, Edid? edid = null)
    {
        try
        {
            return new VfioGuest(source, loop, new(new VfioDevice(InheritedFds.Take(number))), edid);
        }
        catch (LinuxException)
        {
            throw new SourceException(SourceFault.NotThere,
                $"File descriptor {number} is not open: whoever starts guestplane must leave it open without FD_CLOEXEC.");
        }
    }

    /// <summary>A polled guest raises nothing by itself.</summary>
    public void Start(Loop loop)
    {
    }

    public long Poll(long now)
    {
        if (_state != State.Open || IsLost(now))
            return LoopSource.Never;
        if (_region is not null)
        {
            var again = _region.Poll(_head, now, out var lost);
            return lost is null ? again : End(lost);
        }
        for (var i = _planes.Count - 1; i >= 0; i--)
        {
            if (now < _notBefore[i] || _planes[i].IsAbsent)
                continue;
            _notBefore[i] = _planes[i].Poll(_head, now, out var lost);
            if (lost is not null)
                return End(lost);
        }
        return _notBefore[0];
    }

    public void Dispose()
    {
        if (_state != State.Closing)
            Close();
    }

    private void AddPlanes(Mdev? mdev)
    {
        var mayEvict = _device.MayEvict;
        foreach (var kind in new[] { PlaneKind.Primary, PlaneKind.Cursor, PlaneKind.Overlay })
            _planes.Add(new VfioPlane(kind, _device, mayEvict, mayEvict ? mdev?.Parent ?? IntelGpu : null));
    }

    /// <exception cref="SourceException">The VMM must show its console itself.</exception>
    private void CheckConsole(int pid, string driver, bool mustBeOn)
    {
        // VfioDevice.MayEvict: mbochs corrupts the memory of a dma-buf that it gives twice.
        if (!_device.MayEvict && VmmProcess.HoldsDmaBufs(pid, driver))
            throw new SourceException(SourceFault.NotThere, $"{ProcessFds.Name(pid)} (pid {pid}) has got this vGPU's "
                + "dma-bufs before, and its driver may give each only once: start the VM again.");
        var memory = _region is null ? VfioAbi.PlaneDmabuf : VfioAbi.PlaneRegion;
        if (_device.Plane(PlaneKind.Primary, memory, out var errno) is not { } plane)
            throw new SourceException(SourceFault.NotThere, $"The vGPU rejects queries of its primary plane (errno {errno}).");
        if (mustBeOn && plane.Format == 0)
            throw new SourceException(SourceFault.NotThere,
                "The vGPU has no image yet, and QEMU shows the firmware's until then (ramfb=on).");
    }

    /// <summary>Plugs in the monitor of --edid.</summary>
    /// <exception cref="SourceException">The vGPU rejects it.</exception>
    private void PlugOnly(Edid edid)
    {
        if (_device.EdidRegion() is not { } region)
            throw new SourceException(SourceFault.NotThere, $"{Source} takes no --edid: the driver has no EDID region.");
        try
        {
            _monitor = new EdidRegion(_device, region, _loop, _head.Refuse);
            _monitor.Plug(edid);
        }
        catch (LinuxException e)
        {
            throw new SourceException(SourceFault.NotThere, $"{Source} refuses the monitor of --edid: {e.Message}.");
        }
    }

    /// <summary>Plugs in a monitor of the window's size, so that one guest pixel is one device pixel.</summary>
    private void PlugMonitor(HeadSize window)
    {
        if (_state != State.Open || _device.EdidRegion() is not { } region)
            return;
        try
        {
            _monitor ??= new EdidRegion(_device, region, _loop, _head.Refuse);
            _monitor.Plug(Edid.Of(window, _monitor.MaxWidth, _monitor.MaxHeight));
        }
        catch (Exception e) when (e is LinuxException or SourceException)
        {
            if (!_refusesMonitor)
                _head.Refuse($"The vGPU takes no monitor like its window: {e.Message.TrimEnd('.')}.");
            _refusesMonitor = true;
        }
    }

    /// <summary>
    /// A write to a vGPU's "remove" file blocks until we close the vGPU, and only sysfs shows it. A VMM may close a vGPU and go
    /// on (QEMU's device_del): it cannot have it again while we have it.
    /// </summary>
    private bool IsLost(long now)
    {
        if (now - _looked < LookNs)
            return false;
        _looked = now;
        // A VMM that ends closes its descriptors a little before that is told.
        _looksWithoutOriginal = _original?.IsGone == true ? _looksWithoutOriginal + 1 : 0;
        if (_presence?.IsGone == true)
            End("it was removed");
        else if (_looksWithoutOriginal > 1)
            End("its VMM has closed it");
        return _state != State.Open;
    }

    private long End(string why)
    {
        if (_state != State.Open)
            return LoopSource.Never;
        _state = State.Closing;
        // Posted, so that the compositor is told first.
        if (_head.TakeOffGuestPages(Clock.Now))
            _loop.Post(Close);
        else
            Close();
        Lost?.Invoke($"{Source} is gone: {why}.");
        return LoopSource.Never;
    }

    private void Close()
    {
        if (_state == State.Closed)
            return;
        _state = State.Closed;
        _monitor?.Dispose();
        if (_processWatch is not null)
            _loop.Remove(_processWatch);
        foreach (var plane in _planes)
            plane.Dispose();
        _region?.Dispose();
        _device.Dispose();
        _process?.Dispose();
    }

    private enum State
    {
        Open,

        /// <summary>The guest is lost, and the device is closed as soon as the compositor is told.</summary>
        Closing,
        Closed,
    }
}

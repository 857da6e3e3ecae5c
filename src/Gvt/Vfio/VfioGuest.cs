using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>A vGPU by the kernel's VFIO gfx interface. It has to be asked: mainline has no notification.</summary>
public sealed class VfioGuest : IGuest
{
    /// <summary>GVT-g is of Intel's integrated GPUs, and those have had this address for ever; a borrowed descriptor does not tell more.</summary>
    private const string IntelGpu = "/sys/devices/pci0000:00/0000:00:02.0";

    private const long SysfsLookNs = 1_000_000_000;

    private readonly VfioDevice _device;
    private readonly Head _head;
    private readonly List<VfioPlane> _planes = [];
    private readonly VfioRegionPlane? _region;
    private readonly KnownPath? _presence;
    private readonly Fd? _process;
    private readonly Edid? _edid;
    private readonly long[] _notBefore;
    private LoopWatch? _processWatch;
    private EdidRegion? _monitor;
    private bool _refusesMonitor;
    private Loop? _loop;
    private string? _gone;
    private long _sysfsLooked;
    private bool _closed;

    private VfioGuest(string source, VfioDevice device, Edid? edid, Mdev? mdev = null, Fd? process = null)
    {
        (Source, _device, _edid, _process) = (source, device, edid, process);
        // Whoever says --edid wants that monitor and no other.
        _head = new("0") { Resize = edid is null && device.EdidRegion() is not null ? Follow : null };
        Heads = [_head];
        _presence = mdev is null ? null : new KnownPath(mdev.PresencePath);
        if (device.Serves(VfioAbi.PlaneDmabuf))
            foreach (var kind in new[] { PlaneKind.Primary, PlaneKind.Cursor, PlaneKind.Overlay })
                _planes.Add(new VfioPlane(kind, device, device.MayEvict, device.MayEvict ? mdev?.Parent ?? IntelGpu : null));
        else if (device.Serves(VfioAbi.PlaneRegion))
            _region = new VfioRegionPlane(device);
        else
        {
            device.Dispose();
            process?.Dispose();
            throw new SourceException(SourceFault.NotThere,
                $"{source} is a VFIO device{(mdev is null ? "" : $" ({mdev.Driver})")} without display planes; \"guestplane list\" shows those that have some.");
        }
        _notBefore = new long[_planes.Count];
    }

    public string Source { get; }

    public IReadOnlyList<Head> Heads { get; }

    public bool IsAsked => true;

    public event Action<string>? Lost;

    /// <inheritdoc/>
    public int DmaBufs => _planes.Sum(plane => plane.Gets);

    /// <summary>vfio:UUID, vfio:/sys/…, vfio:/dev/vfio/devices/vfioN; the paths also alone.</summary>
    /// <exception cref="SourceException">With the sentence to show.</exception>
    public static VfioGuest Open(string source, Edid? edid = null)
    {
        var name = source.StartsWith("vfio:", StringComparison.Ordinal) ? source["vfio:".Length..] : source;
        if (name.StartsWith("/dev/", StringComparison.Ordinal))
        {
            var node = Mdev.OfNode(name);
            return new VfioGuest(source, VfioOpener.OpenCdev(name, node), edid, node);
        }
        if (!name.StartsWith("/sys/", StringComparison.Ordinal) && !Guid.TryParseExact(name, "D", out _))
            throw new SourceException(SourceFault.Usage, $"\"{name}\" is no UUID, sysfs path or /dev/vfio/devices node; \"guestplane list\" shows the vGPUs of this machine.");
        var mdev = Mdev.Of(name);
        return new VfioGuest(source, VfioOpener.Open(mdev), edid, mdev);
    }

    /// <summary>pid:PID, a VMM's device.</summary>
    /// <inheritdoc cref="Open"/>
    public static VfioGuest OpenProcess(string source, int pid, Loop loop, Edid? edid = null)
    {
        var (device, process) = VmmProcess.Borrow(pid);
        var guest = new VfioGuest(source, device, edid, process: process) { _loop = loop };
        // From now on, also while a host is still being asked what it offers: what is borrowed keeps the VMM's group busy.
        loop.Add(guest._processWatch = new LoopWatch(process, _ => guest.End("the VMM has ended")));
        return guest;
    }

    /// <summary>fd:N, a device's descriptor that we inherited.</summary>
    /// <inheritdoc cref="Open"/>
    public static VfioGuest OpenFd(string source, int number, Edid? edid = null)
    {
        try
        {
            return new VfioGuest(source, new VfioDevice(Fd.Own(number)), edid);
        }
        catch (LinuxException)
        {
            throw new SourceException(SourceFault.NotThere, $"File descriptor {number} is not open: whoever starts guestplane must leave it open without FD_CLOEXEC.");
        }
    }

    public void Start(Loop loop)
    {
        _loop = loop;
        if (_gone is not null)
            Lost?.Invoke(_gone);
        if (_edid is null || _closed)
            return;
        if (_device.EdidRegion() is not { } region)
            throw new SourceException(SourceFault.NotThere, $"{Source} takes no --edid: the driver has no EDID region.");
        try
        {
            _monitor = new EdidRegion(_device, region, loop, _head.Refuse);
            _monitor.Plug(_edid);
        }
        catch (LinuxException e)
        {
            throw new SourceException(SourceFault.NotThere, $"{Source} refuses the monitor of --edid: {e.Message}.");
        }
    }

    public long Ask(long now)
    {
        if (_closed || IsRemoved(now))
            return LoopSource.Never;
        if (_region is not null)
        {
            var again = _region.Ask(_head, now, out var lost);
            return lost is null ? again : End(lost);
        }
        for (var i = _planes.Count - 1; i >= 0; i--)
        {
            if (now < _notBefore[i] || _planes[i].IsAbsent)
                continue;
            _notBefore[i] = _planes[i].Ask(_head, now, out var lost);
            if (lost is not null)
                return End(lost);
        }
        return _notBefore[0];
    }

    public void Dispose() => Close();

    /// <summary>A monitor like the window, so that each of the guest's pixels is one of the screen's.</summary>
    private void Follow(HeadSize window)
    {
        if (_loop is null || _closed || _device.EdidRegion() is not { } region)
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

    /// <summary>Whoever removes the vGPU waits until it is closed, and nothing but its name in sysfs tells us.</summary>
    private bool IsRemoved(long now)
    {
        if (_presence is null || now - _sysfsLooked < SysfsLookNs)
            return false;
        _sysfsLooked = now;
        if (_presence.Exists)
            return false;
        End("it was removed");
        return true;
    }

    private long End(string why)
    {
        if (_closed)
            return LoopSource.Never;
        Close();
        _gone = $"{Source} is gone: {why}.";
        Lost?.Invoke(_gone);
        return LoopSource.Never;
    }

    private void Close()
    {
        if (_closed)
            return;
        _closed = true;
        _monitor?.Dispose();
        if (_processWatch is not null)
            _loop?.Remove(_processWatch);
        foreach (var plane in _planes)
            plane.Dispose();
        _region?.Dispose();
        _device.Dispose();
        _process?.Dispose();
    }
}

using System.Runtime.CompilerServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// The primary plane of a device whose framebuffer is a region of its own memory (mdpy). It is mapped once per mode. The
/// interface does not report what was drawn, so each poll reads the image, and flips if it is not the same. mdpy gives the same
/// answer for every kind of plane, so only the primary plane is polled.
/// </summary>
internal sealed class VfioRegionPlane(IVfioRegions device) : IDisposable
{
    private const long RetryNs = 1_000_000_000;

    private GfxPlaneInfo _info;
    private Scanout? _shown;
    private ImageDigest _digest;
    private string? _refused;

    /// <inheritdoc cref="VfioPlane.Poll"/>
    public long Poll(Head head, long now, out string? lost)
    {
        lost = null;
        var info = new GfxPlaneInfo
        {
            ArgumentSize = (uint)Unsafe.SizeOf<GfxPlaneInfo>(),
            Flags = VfioAbi.PlaneRegion,
            PlaneType = (uint)PlaneKind.Primary,
        };
        var result = device.Query(ref info);
        if (result < 0)
        {
            lost = VfioPlane.IsGone(-result) ? "VFIO_DEVICE_QUERY_GFX_PLANE reports that the device is gone" : null;
            if (lost is null)
                Refuse(head, $"{new LinuxException("VFIO_DEVICE_QUERY_GFX_PLANE", -result).Message}; the last image stays");
            return now + RetryNs;
        }
        if (info.Format == 0 || info.Size == 0)
            Show(head, null, now);
        else if (_shown is null || !Same(info))
            Replace(head, info, now);
        else if (IsDrawn(_shown))
            Show(head, _shown, now);
        return now;
    }

    public void Dispose() => _shown?.Dispose();

    private bool Same(in GfxPlaneInfo info) =>
        (info.Width, info.Height, info.Stride, info.Format, info.Id) ==
        (_info.Width, _info.Height, _info.Stride, _info.Format, _info.Id);

    /// <summary>True if the image has changed since the last call. What is drawn after that is found by the next poll.</summary>
    private bool IsDrawn(Scanout scanout)
    {
        var digest = ImageDigest.Of(scanout.Pixels!.Bytes);
        var isDrawn = digest != _digest;
        _digest = digest;
        return isDrawn;
    }

    private void Replace(Head head, GfxPlaneInfo info, long now)
    {
        if (Map(info, out var problem) is not { } scanout)
        {
            Refuse(head, problem!);
            return;
        }
        _info = info;
        _ = IsDrawn(scanout);
        Show(head, scanout, now);
    }

    private Scanout? Map(in GfxPlaneInfo info, out string? problem)
    {
        var length = (long)info.Stride * info.Height;
        // mdpy's region 16 exists although its index is above the number of regions that mdpy reports.
        if (device.Region(info.Id) is not { } region || region.Size < length)
        {
            problem = $"its region {info.Id} does not hold {length} bytes";
            return null;
        }
        MemoryPlane[] planes = [new(0, info.Stride, region.Size)];
        var layout = new PlaneLayout(info.Width, info.Height, new(info.Format), new(info.Modifier), planes);
        if ((problem = layout.Problem()) is not null)
            return null;
        try
        {
            return Scanout.Create(device.Map(region, length), layout, out problem);
        }
        catch (LinuxException e)
        {
            problem = e.Message;
            return null;
        }
    }

    private void Refuse(Head head, string problem)
    {
        if (_refused is not null)
            return;
        _refused = problem;
        head.Refuse($"The VM's primary plane cannot be shown: {problem}.");
    }

    private void Show(Head head, Scanout? scanout, long now)
    {
        var old = _shown;
        // One that is off may have been on in the life before.
        if (scanout is null && head.Newest(PlaneKind.Primary).Scanout is null)
            return;
        _shown = scanout;
        _refused = null;
        head.Raise(new Flip(PlaneKind.Primary, scanout, default, default, Changed: true, now));
        if (scanout != old)
            old?.Dispose();
    }
}

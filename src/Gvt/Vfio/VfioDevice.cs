using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>A VFIO region: where it lies in the device's descriptor, in bytes.</summary>
internal readonly record struct VfioRegion(uint Index, long Offset, long Size);

/// <summary>
/// An open VFIO device. Only ever asked, never driven: it may be a running VM's. RESET, SET_IRQS and DETACH are its
/// VMM's own and are not even spelled here.
/// </summary>
internal sealed class VfioDevice : IVfioGfx, IDisposable
{
    private const uint IntelVendor = 0x8086;

    private readonly Fd _device;
    private readonly Fd[] _keepOpen;

    /// <param name="device">The device's descriptor.</param>
    /// <param name="keepOpen">What must stay open as long: the container and group, or the iommufd.</param>
    public VfioDevice(Fd device, params Fd[] keepOpen) => (_device, _keepOpen) = (device, keepOpen);

    public int Query(ref GfxPlaneInfo plane) => Ioctl.Try(_device, VfioAbi.DeviceQueryGfxPlane, ref plane);

    public int GetDmaBuf(uint id) => Ioctl.Try(_device, VfioAbi.DeviceGetGfxDmabuf, ref id);

    /// <summary>Whether planes of that kind (PlaneDmabuf, PlaneRegion) are served. EINVAL and ENOTTY alike mean no.</summary>
    public bool Serves(uint kind)
    {
        var probe = new GfxPlaneInfo { ArgumentSize = (uint)Unsafe.SizeOf<GfxPlaneInfo>(), Flags = VfioAbi.PlaneProbe | kind };
        return Query(ref probe) == 0;
    }

    /// <summary>
    /// Whether an id's dma-buf may be closed and had again. GVT-g makes a new one each time; mbochs puts its pages a
    /// second time and brings the kernel down (samples/vfio-mdev/mbochs.c, mbochs_release_dmabuf), and of an unknown
    /// driver nothing is known.
    /// </summary>
    public bool MayEvict => PciVendor() == IntelVendor;

    /// <summary>Null when the device has no such region.</summary>
    public VfioRegion? Region(uint index)
    {
        var info = new RegionInfo { ArgumentSize = (uint)Unsafe.SizeOf<RegionInfo>(), Index = index };
        return Ioctl.Try(_device, VfioAbi.DeviceGetRegionInfo, ref info) == 0 && info.Size > 0
            ? new(index, (long)info.Offset, (long)info.Size) : null;
    }

    /// <summary>The region by which a display is told its monitor, or null.</summary>
    public VfioRegion? EdidRegion()
    {
        var info = new DeviceInfo { ArgumentSize = (uint)Unsafe.SizeOf<DeviceInfo>() };
        if (Ioctl.Try(_device, VfioAbi.DeviceGetInfo, ref info) != 0)
            return null;
        for (var index = VfioAbi.PciRegions; index < info.Regions; index++)
            if (RegionType(index) is (VfioAbi.TypeGfx, VfioAbi.SubtypeEdid))
                return Region(index);
        return null;
    }

    public void ReadAt(Span<byte> bytes, long offset) => _device.ReadAt(bytes, offset);

    public void WriteAt(ReadOnlySpan<byte> bytes, long offset) => _device.WriteAt(bytes, offset);

    public Mapping Map(VfioRegion region, long length) => Mapping.Of(_device, length, writable: false, region.Offset);

    public void Dispose()
    {
        _device.Dispose();
        foreach (var fd in _keepOpen)
            fd.Dispose();
    }

    private uint? PciVendor()
    {
        if (Region(VfioAbi.PciConfigRegion) is not { } config)
            return null;
        Span<byte> vendor = stackalloc byte[2];
        try
        {
            ReadAt(vendor, config.Offset);
            return BitConverter.ToUInt16(vendor);
        }
        catch (LinuxException)
        {
            // Unknown, and treated as the driver that needs the most care.
            return null;
        }
    }

    private (uint Type, uint Subtype)? RegionType(uint index)
    {
        // Asked small first, then for exactly what it wants: mbochs refuses a larger argsz up to 6.12.
        Span<byte> answer = stackalloc byte[256];
        ref var info = ref MemoryMarshal.AsRef<RegionInfo>(answer);
        var length = (uint)Unsafe.SizeOf<RegionInfo>();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            answer.Clear();
            (info.ArgumentSize, info.Index) = (length, index);
            if (Ioctl.Try(_device, VfioAbi.DeviceGetRegionInfo, answer) != 0 || info.ArgumentSize > answer.Length)
                return null;
            if (info.ArgumentSize == length)
                break;
            length = info.ArgumentSize;
        }
        return Find(answer[..(int)length], info.CapabilityOffset);
    }

    /// <summary>Walks the capability chain, which a strange driver may bend: each step must go forward and stay inside.</summary>
    private static (uint Type, uint Subtype)? Find(ReadOnlySpan<byte> answer, uint offset)
    {
        var size = (uint)Unsafe.SizeOf<RegionTypeCapability>();
        for (var last = 0u; offset > last && offset + size <= answer.Length;)
        {
            var capability = MemoryMarshal.Read<RegionTypeCapability>(answer[(int)offset..]);
            if (capability.Id == VfioAbi.CapabilityType)
                return (capability.Type, capability.Subtype);
            (last, offset) = (offset, capability.Next);
        }
        return null;
    }
}

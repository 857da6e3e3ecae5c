using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>A VFIO region: its index, and its offset and size in the device's descriptor, in bytes.</summary>
internal readonly record struct VfioRegion(uint Index, long Offset, long Size);

/// <summary>
/// An open VFIO device. It is only queried, because it may belong to a running VM: RESET, SET_IRQS and DETACH are for the VMM
/// and are not defined here.
/// </summary>
internal sealed class VfioDevice : IVfioRegions, IDisposable
{
    private const uint IntelVendor = 0x8086;

    private readonly Fd _device;
    private readonly Fd[] _keepOpen;

    /// <param name="device">The device's descriptor.</param>
    /// <param name="keepOpen">What must stay open with it: the container and the group, or the iommufd.</param>
    public VfioDevice(Fd device, params Fd[] keepOpen) => (_device, _keepOpen) = (device, keepOpen);

    public int Query(ref GfxPlaneInfo plane) => Ioctl.Try(_device, VfioAbi.DeviceQueryGfxPlane, ref plane);

    public int GetDmaBuf(uint id) => Ioctl.Try(_device, VfioAbi.DeviceGetGfxDmabuf, ref id);

    /// <summary>False if the descriptor is that of another file: VFIO_DEVICE_GET_INFO succeeds on every VFIO device.</summary>
    public bool IsVfio
    {
        get
        {
            var info = new DeviceInfo { ArgumentSize = (uint)Unsafe.SizeOf<DeviceInfo>() };
            return Ioctl.Try(_device, VfioAbi.DeviceGetInfo, ref info) == 0;
        }
    }

    /// <summary>True if the device has planes of that kind (PlaneDmabuf, PlaneRegion). EINVAL and ENOTTY both mean no.</summary>
    public bool Serves(uint kind)
    {
        var probe = new GfxPlaneInfo { ArgumentSize = (uint)Unsafe.SizeOf<GfxPlaneInfo>(), Flags = VfioAbi.PlaneProbe | kind };
        return Query(ref probe) == 0;
    }

    /// <summary>Queries a plane, whose format is 0 while it is off. Null, and errno, if the device does not answer.</summary>
    /// <param name="memory">PlaneDmabuf or PlaneRegion.</param>
    public GfxPlaneInfo? Plane(PlaneKind kind, uint memory, out int errno)
    {
        errno = 0;
        // Tried twice, because mbochs answers the first query of each mode with ENOMEM.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var info = new GfxPlaneInfo
            {
                ArgumentSize = (uint)Unsafe.SizeOf<GfxPlaneInfo>(),
                Flags = memory,
                PlaneType = (uint)kind,
            };
            errno = -Query(ref info);
            if (errno == 0)
                return info;
        }
        return null;
    }

    /// <summary>
    /// True if the dma-buf of an id may be closed and got again. GVT-g creates a new one each time. mbochs releases the pages a
    /// second time, which crashes the kernel (samples/vfio-mdev/mbochs.c, mbochs_release_dmabuf). Unknown drivers are treated as
    /// mbochs.
    /// </summary>
    public bool MayEvict => PciVendor() == IntelVendor;

    /// <summary>Null if the device has no such region.</summary>
    public VfioRegion? Region(uint index)
    {
        var info = new RegionInfo { ArgumentSize = (uint)Unsafe.SizeOf<RegionInfo>(), Index = index };
        return Ioctl.Try(_device, VfioAbi.DeviceGetRegionInfo, ref info) == 0 && info.Size > 0
            ? new(index, (long)info.Offset, (long)info.Size) : null;
    }

    /// <summary>The region that takes the monitor's EDID; null if there is none.</summary>
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
            // Unknown, so treated like the driver that needs the most care.
            return null;
        }
    }

    private (uint Type, uint Subtype)? RegionType(uint index)
    {
        // First with the struct's size, then with the size that the kernel wants: mbochs up to Linux 6.12 rejects a larger argsz.
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

    /// <summary>Walks the capability chain, which is not trusted: each step must go forward and stay inside.</summary>
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

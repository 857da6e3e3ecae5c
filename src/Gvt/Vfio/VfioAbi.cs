using System.Runtime.InteropServices;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// Constants and structs of include/uapi/linux/vfio.h and iommufd.h. All VFIO requests are _IO(';', 100 + n), without size or
/// direction.
/// </summary>
internal static class VfioAbi
{
    public const uint SetIommu = 0x3b66;
    public const uint GroupGetStatus = 0x3b67;
    public const uint GroupSetContainer = 0x3b68;
    public const uint GroupGetDeviceFd = 0x3b6a;
    public const uint DeviceGetInfo = 0x3b6b;
    public const uint DeviceGetRegionInfo = 0x3b6c;
    public const uint DeviceQueryGfxPlane = 0x3b72;
    public const uint DeviceGetGfxDmabuf = 0x3b73;
    public const uint DeviceBindIommufd = 0x3b76;

    /// <summary>VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU.</summary>
    public const int Type1Iommu = 1, Type1V2Iommu = 3;

    /// <summary>VFIO_GROUP_FLAGS_VIABLE.</summary>
    public const uint GroupViable = 1;

    /// <summary>VFIO_GFX_PLANE_TYPE_PROBE, _DMABUF, _REGION.</summary>
    public const uint PlaneProbe = 1, PlaneDmabuf = 2, PlaneRegion = 4;

    /// <summary>VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_NUM_REGIONS (device-specific regions have higher indexes).</summary>
    public const uint PciConfigRegion = 7, PciRegions = 9;

    /// <summary>VFIO_REGION_INFO_CAP_TYPE, VFIO_REGION_TYPE_GFX, VFIO_REGION_SUBTYPE_GFX_EDID.</summary>
    public const uint CapabilityType = 2, TypeGfx = 1, SubtypeEdid = 1;

    /// <summary>VFIO_DEVICE_GFX_LINK_STATE_UP, _DOWN.</summary>
    public const uint LinkUp = 1, LinkDown = 2;
}

/// <summary>struct vfio_device_gfx_plane_info.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GfxPlaneInfo
{
    public uint ArgumentSize;
    public uint Flags;
    public uint PlaneType;
    public uint Format;
    public ulong Modifier;
    public uint Width, Height, Stride, Size;
    public uint X, Y, HotX, HotY;

    /// <summary>A union: region_index or dmabuf_id.</summary>
    public uint Id;
    public uint Reserved;
}

/// <summary>struct vfio_device_info, only the members of its first version.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DeviceInfo
{
    public uint ArgumentSize, Flags, Regions, Interrupts;
}

/// <summary>struct vfio_region_info.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RegionInfo
{
    public uint ArgumentSize, Flags, Index, CapabilityOffset;
    public ulong Size, Offset;
}

/// <summary>struct vfio_region_info_cap_type, with its header.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RegionTypeCapability
{
    public ushort Id, Version;
    public uint Next, Type, Subtype;
}

/// <summary>struct vfio_region_gfx_edid.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RegionGfxEdid
{
    public uint EdidOffset, EdidMaxSize, EdidSize, MaxXres, MaxYres, LinkState;
}

/// <summary>struct vfio_group_status.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GroupStatus
{
    public uint ArgumentSize, Flags;
}

/// <summary>struct vfio_device_bind_iommufd, its first version.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BindIommufd
{
    public uint ArgumentSize, Flags;
    public int Iommufd;
    public uint DeviceId;
}

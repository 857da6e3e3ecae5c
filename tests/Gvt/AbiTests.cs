using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Guestplane.Gvt.Pattern;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Tests.Gvt;

/// <summary>Structs and numbers that cross into the kernel and libwayland, as the C compiler sees them.</summary>
public sealed class AbiTests
{
    private static readonly string[] s_kernel = ["linux/vfio.h", "linux/udmabuf.h", "linux/dma-heap.h", "linux/dma-buf.h"];

    [Fact]
    public void Vfio_structs_match_the_kernels() => Holds(s_kernel, c => c
        .Struct(typeof(GfxPlaneInfo), "struct vfio_device_gfx_plane_info",
            ("ArgumentSize", "argsz"), ("Flags", "flags"), ("PlaneType", "drm_plane_type"), ("Format", "drm_format"),
            ("Modifier", "drm_format_mod"), ("Width", "width"), ("Height", "height"), ("Stride", "stride"), ("Size", "size"),
            ("X", "x_pos"), ("Y", "y_pos"), ("HotX", "x_hot"), ("HotY", "y_hot"), ("Id", "dmabuf_id"),
            // Has that name since Linux 6.6.
            ("Reserved", null))
        .Assert("offsetof(struct vfio_device_gfx_plane_info, region_index) == offsetof(struct vfio_device_gfx_plane_info, dmabuf_id)")
        .Prefix(typeof(DeviceInfo), "struct vfio_device_info",
            ("ArgumentSize", "argsz"), ("Flags", "flags"), ("Regions", "num_regions"), ("Interrupts", "num_irqs"))
        .Struct(typeof(RegionInfo), "struct vfio_region_info",
            ("ArgumentSize", "argsz"), ("Flags", "flags"), ("Index", "index"), ("CapabilityOffset", "cap_offset"), ("Size", "size"), ("Offset", "offset"))
        .Struct(typeof(RegionTypeCapability), "struct vfio_region_info_cap_type",
            ("Id", "header.id"), ("Version", "header.version"), ("Next", "header.next"), ("Type", "type"), ("Subtype", "subtype"))
        .Struct(typeof(RegionGfxEdid), "struct vfio_region_gfx_edid",
            ("EdidOffset", "edid_offset"), ("EdidMaxSize", "edid_max_size"), ("EdidSize", "edid_size"),
            ("MaxXres", "max_xres"), ("MaxYres", "max_yres"), ("LinkState", "link_state"))
        .Struct(typeof(GroupStatus), "struct vfio_group_status", ("ArgumentSize", "argsz"), ("Flags", "flags"))
        // Younger than the oldest headers that this is built with.
        .Line("#ifdef VFIO_DEVICE_BIND_IOMMUFD")
        .Prefix(typeof(BindIommufd), "struct vfio_device_bind_iommufd",
            ("ArgumentSize", "argsz"), ("Flags", "flags"), ("Iommufd", "iommufd"), ("DeviceId", "out_devid"))
        .Line("#endif"));

    [Fact]
    public void Vfio_constants_match_the_kernels() => Holds(s_kernel, c => c
        .Constant(typeof(VfioAbi), "SetIommu", "VFIO_SET_IOMMU")
        .Constant(typeof(VfioAbi), "GroupGetStatus", "VFIO_GROUP_GET_STATUS")
        .Constant(typeof(VfioAbi), "GroupSetContainer", "VFIO_GROUP_SET_CONTAINER")
        .Constant(typeof(VfioAbi), "GroupGetDeviceFd", "VFIO_GROUP_GET_DEVICE_FD")
        .Constant(typeof(VfioAbi), "DeviceGetInfo", "VFIO_DEVICE_GET_INFO")
        .Constant(typeof(VfioAbi), "DeviceGetRegionInfo", "VFIO_DEVICE_GET_REGION_INFO")
        .Constant(typeof(VfioAbi), "DeviceQueryGfxPlane", "VFIO_DEVICE_QUERY_GFX_PLANE")
        .Constant(typeof(VfioAbi), "DeviceGetGfxDmabuf", "VFIO_DEVICE_GET_GFX_DMABUF")
        .Line("#ifdef VFIO_DEVICE_BIND_IOMMUFD")
        .Constant(typeof(VfioAbi), "DeviceBindIommufd", "VFIO_DEVICE_BIND_IOMMUFD")
        .Line("#endif")
        .Constant(typeof(VfioAbi), "Type1Iommu", "VFIO_TYPE1_IOMMU")
        .Constant(typeof(VfioAbi), "Type1V2Iommu", "VFIO_TYPE1v2_IOMMU")
        .Constant(typeof(VfioAbi), "GroupViable", "VFIO_GROUP_FLAGS_VIABLE")
        .Constant(typeof(VfioAbi), "PlaneProbe", "VFIO_GFX_PLANE_TYPE_PROBE")
        .Constant(typeof(VfioAbi), "PlaneDmabuf", "VFIO_GFX_PLANE_TYPE_DMABUF")
        .Constant(typeof(VfioAbi), "PlaneRegion", "VFIO_GFX_PLANE_TYPE_REGION")
        .Constant(typeof(VfioAbi), "PciConfigRegion", "VFIO_PCI_CONFIG_REGION_INDEX")
        .Constant(typeof(VfioAbi), "PciRegions", "VFIO_PCI_NUM_REGIONS")
        .Constant(typeof(VfioAbi), "CapabilityType", "VFIO_REGION_INFO_CAP_TYPE")
        .Constant(typeof(VfioAbi), "TypeGfx", "VFIO_REGION_TYPE_GFX")
        .Constant(typeof(VfioAbi), "SubtypeEdid", "VFIO_REGION_SUBTYPE_GFX_EDID")
        .Constant(typeof(VfioAbi), "LinkUp", "VFIO_DEVICE_GFX_LINK_STATE_UP")
        .Constant(typeof(VfioAbi), "LinkDown", "VFIO_DEVICE_GFX_LINK_STATE_DOWN")
        // Registers that the program writes on their own.
        .Constant(typeof(EdidRegion), "EdidSize", "offsetof(struct vfio_region_gfx_edid, edid_size)")
        .Constant(typeof(EdidRegion), "LinkState", "offsetof(struct vfio_region_gfx_edid, link_state)"));

    [Fact]
    public void Drm_structs_and_constants_match_the_kernels() => Holds(["libdrm/drm.h"], c => c
        .Struct(typeof(DrmNode.GetCap), "struct drm_get_cap", ("Capability", "capability"), ("Value", "value"))
        .Constant(typeof(DrmNode), "IoctlGetCap", "DRM_IOCTL_GET_CAP")
        .Constant(typeof(DrmNode), "IoctlDropMaster", "DRM_IOCTL_DROP_MASTER")
        .Constant(typeof(DrmNode), "CapSyncobjTimeline", "DRM_CAP_SYNCOBJ_TIMELINE")
        .Struct(typeof(SyncTimeline.CreateOrDestroy), "struct drm_syncobj_create", ("Handle", "handle"), ("Flags", "flags"))
        .Struct(typeof(SyncTimeline.Handle), "struct drm_syncobj_handle", ("Number", "handle"), ("Flags", "flags"), ("Fd", "fd"), ("Padding", "pad"))
        .Struct(typeof(SyncTimeline.Transfer), "struct drm_syncobj_transfer", ("Source", "src_handle"), ("Target", "dst_handle"),
            ("SourcePoint", "src_point"), ("TargetPoint", "dst_point"), ("Flags", "flags"), ("Padding", "pad"))
        .Struct(typeof(SyncTimeline.TimelineArray), "struct drm_syncobj_timeline_array",
            ("Handles", "handles"), ("Points", "points"), ("Count", "count_handles"), ("Flags", "flags"))
        .Constant(typeof(SyncTimeline), "IoctlCreate", "DRM_IOCTL_SYNCOBJ_CREATE")
        .Constant(typeof(SyncTimeline), "IoctlDestroy", "DRM_IOCTL_SYNCOBJ_DESTROY")
        .Constant(typeof(SyncTimeline), "IoctlToFd", "DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD")
        .Constant(typeof(SyncTimeline), "IoctlFromFd", "DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE")
        .Constant(typeof(SyncTimeline), "IoctlQuery", "DRM_IOCTL_SYNCOBJ_QUERY")
        .Constant(typeof(SyncTimeline), "IoctlTransfer", "DRM_IOCTL_SYNCOBJ_TRANSFER")
        .Constant(typeof(SyncTimeline), "IoctlSignal", "DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL")
        .Constant(typeof(SyncTimeline), "ImportSyncFile", "DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE")
        .Struct(typeof(LateFence.CreateDumb), "struct drm_mode_create_dumb", ("Height", "height"), ("Width", "width"), ("BitsPerPixel", "bpp"),
            ("Flags", "flags"), ("Handle", "handle"), ("Pitch", "pitch"), ("Size", "size"))
        .Struct(typeof(LateFence.PrimeHandle), "struct drm_prime_handle", ("Handle", "handle"), ("Flags", "flags"), ("Fd", "fd"))
        // vgem_drm.h is in no Debian package; this is what it says.
        .Line("struct drm_vgem_fence_attach { __u32 handle, flags, out_fence, pad; };")
        .Line("struct drm_vgem_fence_signal { __u32 fence, flags; };")
        .Line("#define VGEM_FENCE_WRITE 0x1")
        .Line("#define DRM_IOCTL_VGEM_FENCE_ATTACH DRM_IOWR(DRM_COMMAND_BASE + 0x1, struct drm_vgem_fence_attach)")
        .Line("#define DRM_IOCTL_VGEM_FENCE_SIGNAL DRM_IOW(DRM_COMMAND_BASE + 0x2, struct drm_vgem_fence_signal)")
        .Struct(typeof(LateFence.FenceAttach), "struct drm_vgem_fence_attach", ("Handle", "handle"), ("Flags", "flags"), ("Fence", "out_fence"), ("Padding", "pad"))
        .Struct(typeof(LateFence.FenceSignal), "struct drm_vgem_fence_signal", ("Fence", "fence"), ("Flags", "flags"))
        .Constant(typeof(LateFence), "IoctlCreateDumb", "DRM_IOCTL_MODE_CREATE_DUMB")
        .Constant(typeof(LateFence), "IoctlHandleToFd", "DRM_IOCTL_PRIME_HANDLE_TO_FD")
        .Constant(typeof(LateFence), "IoctlAttach", "DRM_IOCTL_VGEM_FENCE_ATTACH")
        .Constant(typeof(LateFence), "IoctlSignal", "DRM_IOCTL_VGEM_FENCE_SIGNAL")
        .Constant(typeof(LateFence), "FenceWrite", "VGEM_FENCE_WRITE"));

    [Fact]
    public void Drm_structs_and_constants_for_planes_match_the_kernels() => Holds(["libdrm/drm.h"], c => c
        .Struct(typeof(DrmDisplay.Version), "struct drm_version",
            ("Major", "version_major"), ("Minor", "version_minor"), ("Patch", "version_patchlevel"), ("NameLength", "name_len"), ("Name", "name"),
            ("DateLength", "date_len"), ("Date", "date"), ("DescriptionLength", "desc_len"), ("Description", "desc"))
        .Struct(typeof(DrmDisplay.ClientCap), "struct drm_set_client_cap", ("Capability", "capability"), ("Value", "value"))
        .Struct(typeof(DrmDisplay.PlaneResources), "struct drm_mode_get_plane_res", ("Ids", "plane_id_ptr"), ("Count", "count_planes"), ("Padding", null))
        .Struct(typeof(DrmDisplay.Plane), "struct drm_mode_get_plane",
            ("Id", "plane_id"), ("Crtc", "crtc_id"), ("Framebuffer", "fb_id"), ("PossibleCrtcs", "possible_crtcs"),
            ("GammaSize", "gamma_size"), ("FormatCount", "count_format_types"), ("Formats", "format_type_ptr"))
        .Struct(typeof(DrmDisplay.ObjectProperties), "struct drm_mode_obj_get_properties",
            ("Ids", "props_ptr"), ("Values", "prop_values_ptr"), ("Count", "count_props"), ("Id", "obj_id"), ("Type", "obj_type"), ("Padding", null))
        .Struct(typeof(DrmDisplay.Property), "struct drm_mode_get_property",
            ("Values", "values_ptr"), ("Enums", "enum_blob_ptr"), ("Id", "prop_id"), ("Flags", "flags"), ("Name", "name"),
            ("ValueCount", "count_values"), ("EnumCount", "count_enum_blobs"))
        .Constant(typeof(DrmDisplay), "IoctlVersion", "DRM_IOCTL_VERSION")
        .Constant(typeof(DrmDisplay), "IoctlSetClientCap", "DRM_IOCTL_SET_CLIENT_CAP")
        .Constant(typeof(DrmDisplay), "IoctlGetPlanes", "DRM_IOCTL_MODE_GETPLANERESOURCES")
        .Constant(typeof(DrmDisplay), "IoctlGetPlane", "DRM_IOCTL_MODE_GETPLANE")
        .Constant(typeof(DrmDisplay), "IoctlGetProperties", "DRM_IOCTL_MODE_OBJ_GETPROPERTIES")
        .Constant(typeof(DrmDisplay), "IoctlGetProperty", "DRM_IOCTL_MODE_GETPROPERTY")
        .Constant(typeof(DrmDisplay), "CapUniversalPlanes", "DRM_CLIENT_CAP_UNIVERSAL_PLANES")
        .Constant(typeof(DrmDisplay), "ObjectPlane", "DRM_MODE_OBJECT_PLANE")
        .Constant(typeof(DrmDisplay), "NameLength", "DRM_PROP_NAME_LEN"));

    [Fact]
    public void Memory_ioctls_match_the_kernels() => Holds(["fcntl.h", .. s_kernel], c => c
        .Struct(typeof(PatternBuffer.UdmabufCreate), "struct udmabuf_create",
            ("Memfd", "memfd"), ("Flags", "flags"), ("Offset", "offset"), ("Size", "size"))
        .Constant(typeof(PatternBuffer), "IoctlUdmabufCreate", "UDMABUF_CREATE")
        .Constant(typeof(PatternBuffer), "UdmabufCloseOnExec", "UDMABUF_FLAGS_CLOEXEC")
        .Struct(typeof(PatternBuffer.HeapAllocation), "struct dma_heap_allocation_data",
            ("Length", "len"), ("Fd", "fd"), ("FdFlags", "fd_flags"), ("HeapFlags", "heap_flags"))
        .Constant(typeof(PatternBuffer), "IoctlHeapAllocate", "DMA_HEAP_IOCTL_ALLOC")
        .Constant(typeof(PatternBuffer), "HeapReadWriteCloseOnExec", "O_RDWR | O_CLOEXEC")
        .Struct(typeof(DmaBuf.SyncArgument), "struct dma_buf_sync", ("Flags", "flags"))
        .Constant(typeof(DmaBuf), "IoctlSync", "DMA_BUF_IOCTL_SYNC")
        .Constant(typeof(DmaBuf), "SyncWrite", "DMA_BUF_SYNC_WRITE")
        .Constant(typeof(DmaBuf), "SyncStart", "DMA_BUF_SYNC_START")
        .Constant(typeof(DmaBuf), "SyncEnd", "DMA_BUF_SYNC_END")
        .Constant(typeof(DmaBuf), "SyncRead", "DMA_BUF_SYNC_READ")
        .Struct(typeof(DmaBuf.SyncFileArgument), "struct dma_buf_export_sync_file", ("Flags", "flags"), ("Fd", "fd"))
        .Constant(typeof(DmaBuf), "IoctlExportSyncFile", "DMA_BUF_IOCTL_EXPORT_SYNC_FILE")
        .Constant(typeof(DmaBuf), "IoctlImportSyncFile", "DMA_BUF_IOCTL_IMPORT_SYNC_FILE"));

    [Fact]
    public void Structs_for_libwayland_match_its_headers() => Holds(["wayland-util.h"], c => c
        .Struct(typeof(NativeInterface), "struct wl_interface",
            ("Name", "name"), ("Version", "version"), ("MethodCount", "method_count"), ("Methods", "methods"),
            ("EventCount", "event_count"), ("Events", "events"))
        .Struct(typeof(NativeMessage), "struct wl_message", ("Name", "name"), ("Signature", "signature"), ("Types", "types"))
        .Struct(typeof(WlArgument), "union wl_argument", ("Int", "i"), ("UInt", "u"), ("Pointer", "o"))
        .Struct(typeof(NativeArray), "struct wl_array", ("_size", "size"), ("_allocated", "alloc"), ("_data", "data")));

    [Fact]
    public void A_wrong_offset_would_be_noticed()
    {
        NeedCompiler();
        var c = new CLayout().Include("stddef.h").Line("struct s { int a, b; };").Assert("offsetof(struct s, b) == 8");
        Assert.Contains("offsetof(struct s, b) == 8", c.Compile());
    }

    private static void Holds(IEnumerable<string> headers, Func<CLayout, CLayout> write)
    {
        NeedCompiler();
        foreach (var header in headers)
            Assert.SkipUnless(new CLayout().Include(header).Compile().Length == 0, $"<{header}> is not installed");
        Assert.Equal("", write(new CLayout().Include("stddef.h").Include(headers)).Compile());
    }

    private static void NeedCompiler() => Assert.SkipUnless(CLayout.Compiler is not null, "gcc is not installed");
}


/// <summary>A C file of _Static_asserts that compares managed structs and constants with the headers of this machine.</summary>
internal sealed class CLayout
{
    private readonly StringBuilder _text = new();

    public static string? Compiler { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, "gcc")).FirstOrDefault(File.Exists);

    public CLayout Include(params IEnumerable<string> headers)
    {
        foreach (var header in headers)
            Line($"#include <{header}>");
        return this;
    }

    /// <summary>Same size, and each field in its place. Every field needs its C name, so that none is forgotten; null is padding.</summary>
    public CLayout Struct(Type managed, string native, params IEnumerable<(string Field, string? Native)> fields)
    {
        Prefix(managed, native, fields);
        return Assert($"sizeof({native}) == {Marshal.SizeOf(managed)}");
    }

    /// <summary>As <see cref="Struct"/> for a struct of which the kernel's may by now be longer.</summary>
    public CLayout Prefix(Type managed, string native, params IEnumerable<(string Field, string? Native)> fields)
    {
        var names = fields.ToDictionary(field => field.Field, field => field.Native);
        foreach (var field in managed.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (names[field.Name] is not { } name)
                continue;
            Assert($"offsetof({native}, {name}) == {Marshal.OffsetOf(managed, field.Name)}");
            Assert($"sizeof((({native} *)0)->{name}) == {Size(field.FieldType)}");
        }
        return Assert($"sizeof({native}) >= {Marshal.SizeOf(managed)}");
    }

    /// <summary>A constant of a type, private ones included.</summary>
    public CLayout Constant(Type holder, string field, string native)
    {
        var value = holder.GetField(field, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.GetRawConstantValue();
        return Assert($"({native}) == {value}");
    }

    public CLayout Assert(string condition) => Line($"_Static_assert({condition}, \"{condition}\");");

    public CLayout Line(string line)
    {
        _text.Append(line).Append('\n');
        return this;
    }

    /// <summary>What the compiler has to say; nothing when all of it holds.</summary>
    public string Compile()
    {
        var start = new ProcessStartInfo(Compiler!, ["-x", "c", "-fsyntax-only", "-Wall", "-Werror", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        using var gcc = Process.Start(start)!;
        var said = gcc.StandardError.ReadToEndAsync();
        gcc.StandardInput.Write(_text);
        gcc.StandardInput.Close();
        gcc.WaitForExit();
        return gcc.ExitCode == 0 ? "" : said.Result;
    }

    private static int Size(Type type) => type.IsPointer ? nint.Size : Marshal.SizeOf(type);
}

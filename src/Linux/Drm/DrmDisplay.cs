using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Linux.Drm;

/// <summary>
/// What a card with a display tells to whoever has it open (include/uapi/drm/drm.h, drm_mode.h). To ask it needs no DRM master.
/// </summary>
/// <param name="Driver">The name by which the driver calls itself: "vkms", "i915".</param>
/// <param name="Planes">Null if the descriptor does not tell them.</param>
public sealed record DrmDisplay(string Driver, DrmPlanes? Planes)
{
    private const uint IoctlVersion = 0xc0406400, IoctlSetClientCap = 0x4010640d;
    private const uint IoctlGetProperty = 0xc04064aa, IoctlGetPlanes = 0xc01064b5, IoctlGetPlane = 0xc02064b6;
    private const uint IoctlGetProperties = 0xc02064b9;
    private const ulong CapUniversalPlanes = 2;
    private const uint ObjectPlane = 0xeeeeeeee;

    /// <summary>enum drm_plane_type (include/drm/drm_plane.h).</summary>
    private const ulong OverlayType = 0, PrimaryType = 1, CursorType = 2;

    /// <summary>A mask of planes has 32 bits (drm_universal_plane_init).</summary>
    private const int MaxPlanes = 32;

    /// <summary>So has a mask of CRTCs.</summary>
    private const int MaxCrtcs = 32;

    /// <summary>More than any driver attaches to a plane: DRM_OBJECT_MAX_PROPERTY (include/drm/drm_mode_object.h).</summary>
    private const int MaxProperties = 64;

    /// <summary>drm_fourcc.h has about 130 formats.</summary>
    private const int MaxFormats = 256;

    /// <summary>DRM_PROP_NAME_LEN.</summary>
    private const int NameLength = 32;

    /// <summary>
    /// The card that a process, its compositor, has open; null if we may not ask it. It is asked by the compositor's own
    /// descriptor where we may borrow that. To open a card that has no master at the moment, because its session is in the
    /// background, makes us its master (drm_open_helper), and until we give that up the compositor cannot become master again.
    /// So we open the card only where we may not borrow, as Yama can have it for a user. The user at the seat may do that.
    /// </summary>
    /// <param name="process">The compositor.</param>
    /// <param name="node">"card0".</param>
    public static DrmDisplay? Of(int process, string node)
    {
        var path = $"{DrmNode.Folder}/{node}";
        var borrowed = Borrowed(process, path).FirstOrDefault(display => display.Planes is not null);
        return borrowed ?? Opened(path);
    }

    /// <summary>A compositor may have it open more than once; the capability belongs to the descriptor.</summary>
    private static IEnumerable<DrmDisplay> Borrowed(int process, string path)
    {
        foreach (var number in Numbers(process, path))
        {
            using var fd = Try(() =>
            {
                using var pidfd = Pidfd.Open(process);
                return Pidfd.GetFd(pidfd, number);
            });
            if (fd is not null && Read(fd) is { } display)
                yield return display;
        }
    }

    private static List<int> Numbers(int process, string path)
    {
        try
        {
            return [.. ProcessFds.List(process).Where(fd => fd.Target == path).Select(fd => fd.Number)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static DrmDisplay? Opened(string path)
    {
        using var fd = Try(() => Fd.Open(path));
        if (fd is null)
            return null;
        _ = Ioctl.Try(fd, DrmNode.IoctlDropMaster);
        var cap = new ClientCap { Capability = CapUniversalPlanes, Value = 1 };
        _ = Ioctl.Try(fd, IoctlSetClientCap, ref cap);
        return Read(fd);
    }

    private static Fd? Try(Func<Fd> get)
    {
        try
        {
            return get();
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    /// <summary>Null if it is no card.</summary>
    private static unsafe DrmDisplay? Read(Fd fd)
    {
        var name = stackalloc byte[NameLength];
        var version = new Version { Name = (ulong)name, NameLength = NameLength };
        if (Ioctl.Try(fd, IoctlVersion, ref version) < 0 || version.NameLength is 0 or > NameLength)
            return null;
        return new(Encoding.ASCII.GetString(name, (int)version.NameLength), PlanesOf(fd));
    }

    /// <summary>Null if it does not tell: a descriptor without the capability for universal planes has only overlays.</summary>
    private static unsafe DrmPlanes? PlanesOf(Fd fd)
    {
        var ids = stackalloc uint[MaxPlanes];
        var resources = new PlaneResources { Ids = (ulong)ids, Count = MaxPlanes };
        if (Ioctl.Try(fd, IoctlGetPlanes, ref resources) < 0 || resources.Count > MaxPlanes)
            return null;
        var (names, planes) = (new Dictionary<uint, string>(), new List<OnePlane>());
        for (var i = 0; i < resources.Count; i++)
            planes.Add(PlaneOf(fd, ids[i], PropertiesOf(fd, ids[i], names)));
        var (primary, cursor, overlay) = (Of(PrimaryType), Of(CursorType), Of(OverlayType));
        return primary.Count == 0 ? null : new(primary.Count, cursor.Count, overlay.Count,
            overlay.Count > 0 && overlay.TrueForAll(plane => plane.Properties.ContainsKey("zpos")))
        {
            CursorOfEach = OfEach(cursor),
            OverlayOfEach = OfEach(overlay),
            Formats = primary.Concat(overlay).SelectMany(plane => plane.Formats).ToHashSet(),
        };

        List<OnePlane> Of(ulong type) =>
            planes.FindAll(plane => plane.Properties.TryGetValue("type", out var value) && value == type);

        // Each CRTC has a primary plane.
        int OfEach(List<OnePlane> some) => Enumerable.Range(0, MaxCrtcs)
            .Where(crtc => primary.Exists(plane => (plane.Crtcs >> crtc & 1) != 0))
            .Select(crtc => some.Count(plane => (plane.Crtcs >> crtc & 1) != 0)).DefaultIfEmpty(some.Count).Min();
    }

    /// <summary>A plane that is gone has no CRTCs.</summary>
    private static unsafe OnePlane PlaneOf(Fd fd, uint id, Dictionary<string, ulong> properties)
    {
        var formats = stackalloc uint[MaxFormats];
        var plane = new Plane { Id = id, Formats = (ulong)formats, FormatCount = MaxFormats };
        if (Ioctl.Try(fd, IoctlGetPlane, ref plane) < 0)
            return new(0, [], properties);
        // The kernel writes none if they are more.
        var count = plane.FormatCount > MaxFormats ? 0 : (int)plane.FormatCount;
        return new(plane.PossibleCrtcs, new ReadOnlySpan<uint>(formats, count).ToArray(), properties);
    }

    /// <param name="fd">The card.</param>
    /// <param name="plane">Its id.</param>
    /// <param name="names">The properties' names by their ids: planes share most of them.</param>
    private static unsafe Dictionary<string, ulong> PropertiesOf(Fd fd, uint plane, Dictionary<uint, string> names)
    {
        uint* ids = stackalloc uint[MaxProperties];
        ulong* values = stackalloc ulong[MaxProperties];
        var properties = new Dictionary<string, ulong>();
        var all = new ObjectProperties
        {
            Ids = (ulong)ids,
            Values = (ulong)values,
            Count = MaxProperties,
            Id = plane,
            Type = ObjectPlane,
        };
        if (Ioctl.Try(fd, IoctlGetProperties, ref all) < 0)
            return properties;
        for (var i = 0; i < Math.Min(all.Count, MaxProperties); i++)
        {
            if (!names.TryGetValue(ids[i], out var name))
                names.Add(ids[i], name = NameOf(fd, ids[i]));
            properties[name] = values[i];
        }
        return properties;
    }

    private static unsafe string NameOf(Fd fd, uint id)
    {
        var property = new Property { Id = id };
        if (Ioctl.Try(fd, IoctlGetProperty, ref property) < 0)
            return "";
        var name = new ReadOnlySpan<byte>(property.Name, NameLength);
        return Encoding.ASCII.GetString(name[..(name.IndexOf((byte)0) is >= 0 and var end ? end : NameLength)]);
    }

    /// <param name="Crtcs">A mask of the CRTCs that it can be on.</param>
    /// <param name="Formats">Codes of drm_fourcc.h.</param>
    private sealed record OnePlane(uint Crtcs, uint[] Formats, Dictionary<string, ulong> Properties);

    /// <summary>struct drm_version.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Version
    {
        public int Major, Minor, Patch;
        public ulong NameLength, Name, DateLength, Date, DescriptionLength, Description;
    }

    /// <summary>struct drm_set_client_cap.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ClientCap
    {
        public ulong Capability, Value;
    }

    /// <summary>struct drm_mode_get_plane_res.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PlaneResources
    {
        public ulong Ids;
        public uint Count, Padding;
    }

    /// <summary>struct drm_mode_get_plane.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Plane
    {
        public uint Id, Crtc, Framebuffer, PossibleCrtcs, GammaSize, FormatCount;
        public ulong Formats;
    }

    /// <summary>struct drm_mode_obj_get_properties.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ObjectProperties
    {
        public ulong Ids, Values;
        public uint Count, Id, Type, Padding;
    }

    /// <summary>struct drm_mode_get_property.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Property
    {
        public ulong Values, Enums;
        public uint Id, Flags;
        public fixed byte Name[NameLength];
        public uint ValueCount, EnumCount;
    }
}

using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>A VFIO device in sysfs: a mediated device (/sys/bus/mdev/devices/UUID), or any other that is bound to vfio.</summary>
internal sealed record Mdev(string SysfsPath)
{
    private const string MdevDevices = "/sys/bus/mdev/devices";
    private const string VfioDevices = "/sys/class/vfio-dev";

    /// <summary>The name that the group's ioctl takes: the UUID, or a PCI address.</summary>
    public string Name => Path.GetFileName(SysfsPath);

    /// <summary>
    /// A path that disappears as soon as a removal of the device begins. The device's own folder stays until the device is
    /// closed, and the removal waits for that.
    /// </summary>
    public string PresencePath =>
        Directory.Exists(Path.Combine(MdevDevices, Name)) ? Path.Combine(MdevDevices, Name) : SysfsPath;

    public bool Exists => Directory.Exists(SysfsPath);

    /// <summary>/dev/vfio/N; null if the kernel has no groups.</summary>
    public string? Group => Link("iommu_group") is { } group ? $"/dev/vfio/{Path.GetFileName(group)}" : null;

    /// <summary>/dev/vfio/devices/vfioN; null if the kernel has no device nodes.</summary>
    public string? Cdev
    {
        get
        {
            var folder = Path.Combine(SysfsPath, "vfio-dev");
            var nodes = Directory.Exists(folder) ? Directory.EnumerateDirectories(folder) : [];
            var name = nodes.Select(Path.GetFileName).FirstOrDefault();
            return name is not null && File.Exists($"/dev/vfio/devices/{name}") ? $"/dev/vfio/devices/{name}" : null;
        }
    }

    /// <summary>The parent's driver ("mbochs", "i915"), or the device's own ("vfio-pci").</summary>
    public string Driver
    {
        get
        {
            // …/<parent>/mdev_supported_types/<driver>-<type> ← mdev_type
            if (Link("mdev_type") is { } type)
                return Path.GetFileName(type).Split('-')[0];
            return Link("driver") is { } driver ? Path.GetFileName(driver) : "unknown";
        }
    }

    /// <summary>The parent device; null for a device that is not mediated.</summary>
    public string? Parent => Type is null ? null : Path.GetDirectoryName(RealPath.Of(SysfsPath) ?? SysfsPath);

    /// <summary>The type of the vGPU ("mbochs-medium"); null for a device that is not mediated.</summary>
    public string? Type => Link("mdev_type") is { } type ? Path.GetFileName(type) : null;

    /// <summary>The device with that UUID or sysfs path.</summary>
    public static Mdev Of(string name) =>
        new(name.StartsWith('/') ? Path.TrimEndingDirectorySeparator(name) : Path.Combine(MdevDevices, name));

    /// <summary>The device of a node in /dev/vfio/devices. For any other file, a device that does not exist.</summary>
    public static Mdev OfNode(string path) =>
        new(RealPath.Of(Path.Combine(VfioDevices, Path.GetFileName(path), "device")) ?? path);

    /// <summary>All VFIO devices of the machine.</summary>
    public static IEnumerable<Mdev> All()
    {
        var mediated = Entries(MdevDevices).Select(path => new Mdev(path)).ToList();
        var names = mediated.Select(mdev => mdev.Name).ToHashSet();
        return mediated.Concat(Entries(VfioDevices).Select(OfNode).Where(mdev => !names.Contains(mdev.Name)));
    }

    private static IEnumerable<string> Entries(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Order() : [];

    private string? Link(string name) => RealPath.Of(Path.Combine(SysfsPath, name));
}

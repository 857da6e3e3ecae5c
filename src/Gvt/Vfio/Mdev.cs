namespace Guestplane.Gvt.Vfio;

/// <summary>A VFIO device in sysfs: a mediated one (/sys/bus/mdev/devices/UUID), or any other that vfio has bound.</summary>
internal sealed record Mdev(string SysfsPath)
{
    private const string MdevDevices = "/sys/bus/mdev/devices";
    private const string VfioDevices = "/sys/class/vfio-dev";

    /// <summary>The name by which a group hands it out: the UUID, or a PCI address.</summary>
    public string Name => Path.GetFileName(SysfsPath);

    /// <summary>
    /// What goes as soon as somebody begins to remove the device. Its own folder would stay until it is closed, and who
    /// removes it waits for that.
    /// </summary>
    public string PresencePath => Directory.Exists(Path.Combine(MdevDevices, Name)) ? Path.Combine(MdevDevices, Name) : SysfsPath;

    public bool Exists => Directory.Exists(SysfsPath);

    /// <summary>/dev/vfio/N, or null where the kernel has no groups.</summary>
    public string? Group => Link("iommu_group") is { } group ? $"/dev/vfio/{Path.GetFileName(group)}" : null;

    /// <summary>/dev/vfio/devices/vfioN, or null where the kernel has no device nodes.</summary>
    public string? Cdev
    {
        get
        {
            var folder = Path.Combine(SysfsPath, "vfio-dev");
            var name = Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Select(Path.GetFileName).FirstOrDefault() : null;
            return name is not null && File.Exists($"/dev/vfio/devices/{name}") ? $"/dev/vfio/devices/{name}" : null;
        }
    }

    /// <summary>The parent driver that mediates it ("mbochs", "i915"), or its own ("vfio-pci").</summary>
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

    /// <summary>The device that it is a part of; null for a whole device.</summary>
    public string? Parent => Type is null ? null : Path.GetDirectoryName(Resolve(SysfsPath) ?? SysfsPath);

    /// <summary>What kind of vGPU ("mbochs-medium"), or null for a whole device.</summary>
    public string? Type => Link("mdev_type") is { } type ? Path.GetFileName(type) : null;

    /// <summary>A UUID or a sysfs path to a device.</summary>
    public static Mdev Of(string name) =>
        new(name.StartsWith('/') ? Path.TrimEndingDirectorySeparator(name) : Path.Combine(MdevDevices, name));

    /// <summary>That of a node in /dev/vfio/devices; of another file one that does not exist.</summary>
    public static Mdev OfNode(string path)
    {
        // In two steps: the second link is relative to where the first one leads.
        var node = Resolve(Path.Combine(VfioDevices, Path.GetFileName(path)));
        var device = node is null ? null : Resolve(Path.Combine(node, "device"));
        return new(device ?? path);
    }

    /// <summary>Every one on the machine.</summary>
    public static IEnumerable<Mdev> All()
    {
        var mediated = Entries(MdevDevices).Select(path => new Mdev(path)).ToList();
        var names = mediated.Select(mdev => mdev.Name).ToHashSet();
        return mediated.Concat(Entries(VfioDevices).Select(OfNode).Where(mdev => !names.Contains(mdev.Name)));
    }

    private static IEnumerable<string> Entries(string folder) => Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Order() : [];

    private string? Link(string name) => Resolve(Path.Combine(SysfsPath, name));

    private static string? Resolve(string link) =>
        Directory.Exists(link) ? Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName : null;
}

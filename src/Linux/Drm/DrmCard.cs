namespace Guestplane.Linux.Drm;

/// <summary>A DRM device as sysfs tells it, without opening it.</summary>
/// <param name="Node">"card0" or "renderD128".</param>
/// <param name="Driver">"vkms", "i915"; null where sysfs does not say.</param>
/// <param name="HasConnectors">Something can be plugged into it: it shows, and does not only draw.</param>
public sealed record DrmCard(string Node, string? Driver, bool HasConnectors)
{
    private const string Class = "/sys/class/drm";

    /// <summary>The device with that dev_t (/sys/dev/char); null when there is none.</summary>
    public static DrmCard? Find(ulong device)
    {
        // glibc's gnu_dev_major and gnu_dev_minor.
        var major = device >> 8 & 0xfff | device >> 32 & ~0xfffUL;
        var minor = device & 0xff | device >> 12 & ~0xffUL;
        var link = new DirectoryInfo($"/sys/dev/char/{major}:{minor}");
        return link.Exists && Target(link.FullName) is { } node && node.Contains("/drm/", StringComparison.Ordinal) ? Of(Path.GetFileName(node)) : null;
    }

    /// <summary>By its node's name.</summary>
    public static DrmCard Of(string node) => new(node, DriverOf(node), HasConnector(node));

    /// <summary>The cards with connectors that a process has open; null when we may not see that (proc(5): another user's).</summary>
    public static IReadOnlyList<DrmCard>? OpenedBy(int process)
    {
        try
        {
            return [.. ProcessFds.Of(process).Select(fd => fd.Target).Where(target => target.StartsWith("/dev/dri/card", StringComparison.Ordinal))
                .Distinct().Select(target => Of(Path.GetFileName(target))).Where(card => card.HasConnectors)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool HasConnector(string node) => Directory.Exists(Class) && Directory.EnumerateFileSystemEntries(Class, $"{node}-*").Any();

    /// <summary>
    /// A bus' device has its driver's link; others are named after it: vkms and vgem on the faux bus (or, before 6.16, as
    /// platform devices without a driver). Of virtio the PCI device has its transport's driver.
    /// </summary>
    private static string? DriverOf(string node) => NameOf($"{Class}/{node}/device/driver") switch
    {
        null or "faux_driver" => NameOf($"{Class}/{node}/device"),
        "virtio-pci" or "virtio-mmio" => "virtio_gpu",
        var driver => driver,
    };

    private static string? NameOf(string link) => Target(link) is { } target ? Path.GetFileName(target) : null;

    private static string? Target(string link)
    {
        try
        {
            return new DirectoryInfo(link).ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            return null;
        }
    }
}

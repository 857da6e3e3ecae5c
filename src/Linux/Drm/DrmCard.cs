namespace Guestplane.Linux.Drm;

/// <summary>A DRM device as sysfs describes it; it is not opened.</summary>
/// <param name="Node">"card0" or "renderD128".</param>
/// <param name="Driver">"vkms", "i915"; null if sysfs does not name it.</param>
/// <param name="HasConnectors">It has connectors: it is a display device, not only a render device.</param>
public sealed record DrmCard(string Node, string? Driver, bool HasConnectors)
{
    private const string Class = "/sys/class/drm";

    /// <summary>The device with that dev_t (/sys/dev/char); null if there is none.</summary>
    public static DrmCard? Find(ulong device)
    {
        var link = new DirectoryInfo(DeviceNumber.SysfsLink(device));
        var node = link.Exists ? Target(link.FullName) : null;
        return node is not null && node.Contains("/drm/", StringComparison.Ordinal) ? Of(Path.GetFileName(node)) : null;
    }

    /// <summary>The device with that node name.</summary>
    public static DrmCard Of(string node) => new(node, DriverOf(node), HasConnector(node));

    /// <summary>
    /// The cards with connectors that a process has open; null if we may not see that (proc(5): another user's process).
    /// </summary>
    public static IReadOnlyList<DrmCard>? OpenedBy(int process)
    {
        try
        {
            return [.. ProcessFds.List(process).Select(fd => fd.Target)
                .Where(target => target.StartsWith("/dev/dri/card", StringComparison.Ordinal)).Distinct()
                .Select(target => Of(Path.GetFileName(target))).Where(card => card.HasConnectors)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool HasConnector(string node) =>
        Directory.Exists(Class) && Directory.EnumerateFileSystemEntries(Class, $"{node}-*").Any();

    /// <summary>
    /// A bus device has a link to its driver. Others are named after it: vkms and vgem are on the faux bus or, before Linux 6.16,
    /// platform devices without a driver. A virtio GPU's PCI device has the driver of the virtio transport.
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

using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux.Drm;

/// <summary>A GPU's node in /dev/dri, for calls that need no DRM master or authentication (include/uapi/drm/drm.h).</summary>
public sealed class DrmNode : IDisposable
{
    internal const string Folder = "/dev/dri";
    internal const uint IoctlDropMaster = 0x641f;

    private const uint IoctlGetCap = 0xc010640c;
    private const ulong CapSyncobjTimeline = 0x14;

    private DrmNode(Fd fd) => Fd = fd;

    internal Fd Fd { get; }

    /// <summary>True if the driver supports timeline sync objects.</summary>
    public bool HasTimelines
    {
        get
        {
            var cap = new GetCap { Capability = CapSyncobjTimeline };
            return Ioctl.Try(Fd, IoctlGetCap, ref cap) >= 0 && cap.Value != 0;
        }
    }

    /// <summary>
    /// Opens the device with that dev_t; null if there is none. Prefers its render node, which the user at the seat may open.
    /// </summary>
    /// <exception cref="LinuxException">We may not open it.</exception>
    public static DrmNode? Open(ulong device)
    {
        if (PathOf(device) is not { } path)
            return null;
        var node = new DrmNode(Fd.Open(RenderNode(path) ?? path));
        // Opening a card without a master makes us its master, and then no compositor could start on it (drm_open_helper).
        if (RenderNode(path) is null)
            _ = Ioctl.Try(node.Fd, IoctlDropMaster);
        return node;
    }

    /// <summary>"/dev/dri/card0" for a dev_t; null if there is none.</summary>
    public static string? PathOf(ulong device) => Directory.Exists(Folder)
        ? Directory.EnumerateFiles(Folder).FirstOrDefault(path => Device(path) == device)
        : null;

    /// <summary>The /sys/devices folder of the GPU that has that dev_t as one of its nodes; null if it is not known.</summary>
    public static string? DeviceOf(ulong device) => RealPath.Of(DeviceNumber.SysfsLink(device) + "/device");

    /// <summary>The /sys/devices folders of all GPUs.</summary>
    public static IEnumerable<string> Devices() => Devices("/sys/class/drm");

    /// <summary>The same of a folder like that one. A connector ("card0-HDMI-A-1") is listed beside its card.</summary>
    internal static IEnumerable<string> Devices(string folder) => !Directory.Exists(folder)
        ? []
        : Directory.EnumerateDirectories(folder, "card*").Where(card => !Path.GetFileName(card).Contains('-'))
            .Select(card => RealPath.Of(Path.Combine(card, "device"))).OfType<string>().Distinct();

    public void Dispose() => Fd.Dispose();

    private static string? RenderNode(string path)
    {
        var siblings = $"/sys/class/drm/{Path.GetFileName(path)}/device/drm";
        return Directory.Exists(siblings)
            ? Directory.EnumerateDirectories(siblings, "renderD*")
                .Select(sibling => $"{Folder}/{Path.GetFileName(sibling)}").FirstOrDefault()
            : null;
    }

    private static unsafe ulong Device(string path)
    {
        stat status;
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
            return LibC.stat(name, &status) < 0 ? 0 : (ulong)status.st_rdev;
    }

    /// <summary>struct drm_get_cap.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct GetCap
    {
        public ulong Capability, Value;
    }
}

using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux.Drm;

/// <summary>A GPU's node in /dev/dri, for what needs no right to draw or to show (include/uapi/drm/drm.h).</summary>
public sealed class DrmNode : IDisposable
{
    private const string Folder = "/dev/dri";
    private const uint IoctlGetCap = 0xc010640c, IoctlDropMaster = 0x641f;
    private const ulong CapSyncobjTimeline = 0x14;

    private DrmNode(Fd fd) => Fd = fd;

    internal Fd Fd { get; }

    /// <summary>Sync objects of it are timelines.</summary>
    public bool HasTimelines
    {
        get
        {
            var cap = new GetCap { Capability = CapSyncobjTimeline };
            return Ioctl.Try(Fd, IoctlGetCap, ref cap) >= 0 && cap.Value != 0;
        }
    }

    /// <summary>Opens the device with that dev_t; its render node where it has one, since anyone at the screen may open that.</summary>
    /// <exception cref="LinuxException">It may not be opened.</exception>
    public static DrmNode? Open(ulong device)
    {
        if (PathOf(device) is not { } path)
            return null;
        var node = new DrmNode(Fd.Open(RenderNode(path) ?? path));
        // Whoever opens a card that nobody shows on is its master, and in the way of who wants to (drm_open_helper).
        if (RenderNode(path) is null)
            _ = Ioctl.Try(node.Fd, IoctlDropMaster);
        return node;
    }

    /// <summary>"/dev/dri/card0" of a dev_t; null when there is none.</summary>
    public static string? PathOf(ulong device) =>
        Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder).FirstOrDefault(path => Device(path) == device) : null;

    /// <summary>The folder in /sys/devices of the GPU with that dev_t, whichever of its nodes it is; null when it is not known.</summary>
    public static string? DeviceOf(ulong device)
    {
        // gnu_dev_major(3): twelve bits and what lies above 32.
        var (major, minor) = (device >> 8 & 0xfff | device >> 32 & ~0xffful, device & 0xff | device >> 12 & 0xffffff00);
        var link = $"/sys/dev/char/{major}:{minor}/device";
        return Directory.Exists(link) ? Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName : null;
    }

    /// <summary>Every GPU of the machine, likewise.</summary>
    public static IEnumerable<string> Devices() => !Directory.Exists("/sys/class/drm") ? []
        : Directory.EnumerateDirectories("/sys/class/drm", "card*").Select(card => Path.Combine(card, "device")).Where(Directory.Exists)
            .Select(link => Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName).OfType<string>().Distinct();

    public void Dispose() => Fd.Dispose();

    private static string? RenderNode(string path)
    {
        var siblings = $"/sys/class/drm/{Path.GetFileName(path)}/device/drm";
        return Directory.Exists(siblings)
            ? Directory.EnumerateDirectories(siblings, "renderD*").Select(sibling => $"{Folder}/{Path.GetFileName(sibling)}").FirstOrDefault()
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

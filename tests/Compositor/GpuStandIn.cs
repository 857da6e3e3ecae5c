using Guestplane.Linux;

namespace Guestplane.Tests.Compositor;

/// <summary>
/// Any character device that sysfs knows the device of: to the program it is a GPU's node. A machine without a GPU has one, too.
/// </summary>
internal sealed record GpuStandIn(ulong Device, string Gpu)
{
    /// <summary>dev_t of a render node that no machine has, and the folder of a GPU that none has.</summary>
    public const ulong NoDevice = (226 << 8) | 255;

    public const string NoGpu = "/sys/devices/pci0000:00/0000:00:02.9";

    public static GpuStandIn Find()
    {
        var link = Directory.EnumerateDirectories("/sys/dev/char").FirstOrDefault(entry => Directory.Exists(Path.Combine(entry, "device")));
        Assert.SkipWhen(link is null, "this machine has no character device with a device in sysfs");
        var numbers = Path.GetFileName(link).Split(':').Select(ulong.Parse).ToArray();
        return new(numbers[1] & 0xff | numbers[0] << 8 | (numbers[1] & ~0xfful) << 12, RealPath.Of(Path.Combine(link, "device"))!);
    }
}

namespace Guestplane.Linux.Drm;

/// <summary>A dev_t, as glibc packs it (bits/sysmacros.h: gnu_dev_major, gnu_dev_minor).</summary>
internal static class DeviceNumber
{
    /// <summary>The device's link in /sys/dev/char, which need not exist.</summary>
    public static string SysfsLink(ulong device)
    {
        var major = device >> 8 & 0xfff | device >> 32 & 0xfffff000;
        var minor = device & 0xff | device >> 12 & 0xffffff00;
        return $"/sys/dev/char/{major}:{minor}";
    }
}

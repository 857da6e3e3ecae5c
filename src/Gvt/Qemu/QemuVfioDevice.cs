namespace Guestplane.Gvt.Qemu;

/// <summary>A VFIO device with a display on a QEMU's command line.</summary>
/// <param name="SysfsPath">Its folder, maybe by links; null if it is not named by that.</param>
/// <param name="HasFirmwareImage">True if QEMU shows the firmware's image while the device has none (ramfb=on).</param>
public sealed record QemuVfioDevice(string? SysfsPath, bool HasFirmwareImage);

using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>A duplicate of a VMM's device that has display planes.</summary>
/// <param name="Device">The duplicate.</param>
/// <param name="Original">The VMM's own descriptor of it, in /proc.</param>
/// <param name="SysfsPath">Its folder, without links; null if the kernel does not tell it, as Linux 6.12.</param>
internal readonly record struct VmmDisplay(VfioDevice Device, KnownPath Original, string? SysfsPath);

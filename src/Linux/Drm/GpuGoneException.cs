namespace Guestplane.Linux.Drm;

/// <summary>A GPU was unplugged: each call on its node fails with ENODEV (drivers/gpu/drm/drm_ioctl.c).</summary>
public sealed class GpuGoneException(string call) : LinuxException(call, Linux.Errno.NoDevice);

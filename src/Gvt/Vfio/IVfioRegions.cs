using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>A device whose planes are regions of its own memory.</summary>
internal interface IVfioRegions : IVfioGfx
{
    /// <summary>Null if the device has no such region.</summary>
    VfioRegion? Region(uint index);

    /// <exception cref="LinuxException">The region cannot be mapped.</exception>
    Mapping Map(VfioRegion region, long length);
}

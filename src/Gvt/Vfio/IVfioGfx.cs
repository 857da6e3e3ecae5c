namespace Guestplane.Gvt.Vfio;

/// <summary>The kernel's two plane ioctls. Tests use a fake.</summary>
internal interface IVfioGfx
{
    /// <summary>VFIO_DEVICE_QUERY_GFX_PLANE. 0, or -errno.</summary>
    int Query(ref GfxPlaneInfo plane);

    /// <summary>VFIO_DEVICE_GET_GFX_DMABUF. A new file descriptor that the caller owns, or -errno.</summary>
    int GetDmaBuf(uint id);
}

using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux.Drm;

/// <summary>
/// A timeline sync object: ascending points, each of which signals when the GPU work attached to it is done
/// (include/uapi/drm/drm.h; https://docs.kernel.org/gpu/drm-mm.html#drm-sync-objects).
/// </summary>
public sealed class SyncTimeline : IDisposable
{
    private const uint IoctlCreate = 0xc00864bf, IoctlDestroy = 0xc00864c0, IoctlToFd = 0xc01064c1, IoctlFromFd = 0xc01064c2;
    private const uint IoctlQuery = 0xc01864cb, IoctlTransfer = 0xc02064cc, IoctlSignal = 0xc01864cd;
    private const uint ImportSyncFile = 1;

    private readonly DrmNode _node;
    private readonly uint _handle;

    // Takes each fence on its way to a point; 0 until the first one.
    private uint _carrier;

    /// <param name="node">Not owned; it must outlive this object.</param>
    /// <exception cref="LinuxException">The driver has no sync objects.</exception>
    public SyncTimeline(DrmNode node) => (_node, _handle) = (node, Create(node));

    /// <summary>The last point that has signalled.</summary>
    public unsafe ulong Reached
    {
        get
        {
            var (handle, point) = (_handle, 0ul);
            var query = new TimelineArray { Handles = (ulong)&handle, Points = (ulong)&point, Count = 1 };
            Check(Ioctl.Try(_node.Fd, IoctlQuery, ref query), "DRM_IOCTL_SYNCOBJ_QUERY");
            return point;
        }
    }

    /// <summary>Exports it as a descriptor, for another process.</summary>
    public Fd Export()
    {
        var argument = new Handle { Number = _handle, Fd = -1 };
        Check(Ioctl.Try(_node.Fd, IoctlToFd, ref argument), "DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD");
        return Fd.Own(argument.Fd);
    }

    /// <summary>Signals the point now.</summary>
    public unsafe void Signal(ulong point)
    {
        var handle = _handle;
        var signal = new TimelineArray { Handles = (ulong)&handle, Points = (ulong)&point, Count = 1 };
        Check(Ioctl.Try(_node.Fd, IoctlSignal, ref signal), "DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL");
    }

    /// <summary>
    /// Makes the point signal when all writes that are pending on a dma-buf now are done, and the points before it have
    /// signalled.
    /// </summary>
    public void AwaitWriters(Fd dmaBuf, ulong point)
    {
        var fence = DmaBuf.ExportWriteFenceNumber(dmaBuf);
        try
        {
            if (_carrier == 0)
                _carrier = Create(_node);
            var import = new Handle { Number = _carrier, Flags = ImportSyncFile, Fd = fence };
            Check(Ioctl.Try(_node.Fd, IoctlFromFd, ref import), "DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE");
            var transfer = new Transfer { Source = _carrier, Target = _handle, TargetPoint = point };
            Check(Ioctl.Try(_node.Fd, IoctlTransfer, ref transfer), "DRM_IOCTL_SYNCOBJ_TRANSFER");
        }
        finally
        {
            _ = LibC.close(fence);
        }
    }

    public void Dispose()
    {
        if (_carrier != 0)
            Destroy(_carrier);
        Destroy(_handle);
    }

    private static uint Create(DrmNode node)
    {
        var argument = new CreateOrDestroy();
        Check(Ioctl.Try(node.Fd, IoctlCreate, ref argument), "DRM_IOCTL_SYNCOBJ_CREATE");
        return argument.Handle;
    }

    private void Destroy(uint handle)
    {
        var argument = new CreateOrDestroy { Handle = handle };
        // Fails for an invalid handle, which would be our bug, and on a device that has been unplugged.
        _ = Ioctl.Try(_node.Fd, IoctlDestroy, ref argument);
    }

    private static void Check(int result, string call)
    {
        if (result < 0)
            throw -result == Errno.NoDevice ? new GpuGoneException(call) : new LinuxException(call, -result);
    }

    /// <summary>struct drm_syncobj_create, drm_syncobj_destroy.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CreateOrDestroy
    {
        public uint Handle, Flags;
    }

    /// <summary>struct drm_syncobj_handle.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Handle
    {
        public uint Number, Flags;
        public int Fd;
        public uint Padding;
    }

    /// <summary>struct drm_syncobj_transfer.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Transfer
    {
        public uint Source, Target;
        public ulong SourcePoint, TargetPoint;
        public uint Flags, Padding;
    }

    /// <summary>struct drm_syncobj_timeline_array.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TimelineArray
    {
        public ulong Handles, Points;
        public uint Count, Flags;
    }
}

using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Pattern;

/// <summary>
/// Imitates a slow GPU with fences of the kernel's vgem driver, attached to a dma-buf of the test pattern as write fences. They
/// signal when we say so, or by themselves after ten seconds (vgem_fence.c). Each buffer has at most one pending fence.
/// </summary>
internal sealed class LateFence : IDisposable
{
    private const uint IoctlCreateDumb = 0xc02064b2, IoctlHandleToFd = 0xc00c642d;
    private const uint IoctlAttach = 0xc0106441, IoctlSignal = 0x40086442;
    private const uint FenceWrite = 1;

    // The size of a dma-buf that is only used to create fences.
    private const uint Side = 64, BitsPerPixel = 32;

    private readonly Fd _device;
    private readonly Fd _carrier;
    private readonly uint _handle;
    private readonly LoopTimer _signal;
    private readonly Loop _loop;
    private uint _fence;

    private LateFence(Loop loop, Fd device)
    {
        (_loop, _device, _signal) = (loop, device, new LoopTimer(_ => Signal()));
        var dumb = new CreateDumb { Width = Side, Height = Side, BitsPerPixel = BitsPerPixel };
        Check(Ioctl.Try(device, IoctlCreateDumb, ref dumb), "DRM_IOCTL_MODE_CREATE_DUMB");
        var prime = new PrimeHandle { Handle = _handle = dumb.Handle, Flags = (uint)Tmds.Linux.LibC.O_CLOEXEC };
        Check(Ioctl.Try(device, IoctlHandleToFd, ref prime), "DRM_IOCTL_PRIME_HANDLE_TO_FD");
        _carrier = Fd.Own(prime.Fd);
        loop.Add(_signal);
    }

    /// <exception cref="SourceException">vgem is not available.</exception>
    public static LateFence Create(Loop loop)
    {
        Fd? device = null;
        try
        {
            device = Fd.Open(FindCard() ?? throw new SourceException(SourceFault.NotThere,
                "The test pattern's fence= needs the kernel's vgem: modprobe vgem."));
            return new LateFence(loop, device);
        }
        catch (LinuxException e)
        {
            device?.Dispose();
            var fault = e.Errno == Errno.Denied ? SourceFault.NotPermitted : SourceFault.NotThere;
            throw new SourceException(fault, $"vgem gives no fences: {e.Message}.");
        }
    }

    /// <summary>True until the last fence has signalled.</summary>
    public bool IsPending => _fence != 0;

    /// <summary>
    /// Makes readers of a dma-buf wait until then (CLOCK_MONOTONIC, ns). Must not be called while a fence is pending.
    /// </summary>
    public void Attach(Fd dmaBuf, long until)
    {
        var attach = new FenceAttach { Handle = _handle, Flags = FenceWrite };
        Check(Ioctl.Try(_device, IoctlAttach, ref attach), "DRM_IOCTL_VGEM_FENCE_ATTACH");
        _fence = attach.Fence;
        using var fence = DmaBuf.ExportWriteFence(_carrier);
        DmaBuf.ImportWriteFence(dmaBuf, fence);
        _signal.Set(until);
    }

    public void Dispose()
    {
        _loop.Remove(_signal);
        _carrier.Dispose();
        _device.Dispose();
    }

    private void Signal()
    {
        var signal = new FenceSignal { Fence = _fence };
        _fence = 0;
        // ETIMEDOUT: vgem has signalled it by itself.
        _ = Ioctl.Try(_device, IoctlSignal, ref signal);
    }

    private static string? FindCard() => Directory.Exists("/sys/class/drm")
        ? Directory.EnumerateDirectories("/sys/class/drm", "card*").Where(card => DriverOf(card) == "vgem")
            .Select(card => $"/dev/dri/{Path.GetFileName(card)}").FirstOrDefault()
        : null;

    // vgem is a faux or platform device without a driver link; the device itself has the name.
    private static string? DriverOf(string card) =>
        new FileInfo($"{card}/device").ResolveLinkTarget(returnFinalTarget: true)?.Name;

    private static void Check(int result, string call)
    {
        if (result < 0)
            throw new LinuxException(call, -result);
    }

    /// <summary>struct drm_mode_create_dumb (drm_mode.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CreateDumb
    {
        public uint Height, Width, BitsPerPixel, Flags, Handle, Pitch;
        public ulong Size;
    }

    /// <summary>struct drm_prime_handle (drm.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PrimeHandle
    {
        public uint Handle, Flags;
        public int Fd;
    }

    /// <summary>struct drm_vgem_fence_attach (vgem_drm.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FenceAttach
    {
        public uint Handle, Flags, Fence, Padding;
    }

    /// <summary>struct drm_vgem_fence_signal (vgem_drm.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FenceSignal
    {
        public uint Fence, Flags;
    }
}

using System.Runtime.InteropServices;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The transports of a plane, best first, with a clause for each that cannot be used.</summary>
/// <param name="host">The compositor.</param>
/// <param name="forced">The only transport that the user allows; null for all.</param>
/// <param name="opaque">True if nothing is below the plane: alpha is ignored, and a format without it can be scanned out.</param>
internal sealed class PlaneTransports(Host host, Transport? forced, bool opaque)
{
    // Transports that failed for the whole plane, with a clause that says how.
    private readonly Dictionary<Transport, string> _broken = [];

    public PlaneStats Stats { get; init; } = new();

    /// <summary>Excludes a transport for all scanouts of this plane.</summary>
    public void Exclude(Transport transport, string reason) => _broken[transport] = reason;

    /// <summary>Takes <see cref="Exclude"/> back.</summary>
    public void Include(Transport transport) => _broken.Remove(transport);

    /// <summary>The dma-buf feedback for this plane's surface; null if there is none.</summary>
    public Feedback? SurfaceFeedback { get; set; }

    /// <summary>The best transport for a scanout.</summary>
    public TransportChoice First(Scanout scanout) => scanout.Kind switch
    {
        MemoryKind.Shared => From(Transport.Shm, scanout, "the VM gives shared memory, not a dma-buf"),
        MemoryKind.Bytes => From(Transport.Copy, scanout, "the VM gives bytes, not a dma-buf"),
        _ => From(Transport.DmaBuf, scanout, null),
    };

    /// <summary>The next transport after an import that the compositor rejected.</summary>
    public TransportChoice Next(Scanout scanout, TransportChoice failed) => From(failed.Transport + 1, scanout,
        $"the compositor refused to import {failed.Format} {scanout.Layout.Modifier} {scanout.Width}x{scanout.Height} "
        + "(zwp_linux_buffer_params_v1.failed)");

    /// <summary>Requests an import, which the compositor answers by created or failed.</summary>
    public ZwpLinuxBufferParamsV1 Import(Scanout scanout, in TransportChoice choice)
    {
        Stats.Imports++;
        var parameters = host.Globals.Dmabuf!.CreateParams();
        var modifier = scanout.Layout.Modifier;
        // In index order: weston compares each plane's modifier with plane 0's, which is 0 until it is added.
        for (var i = 0; i < scanout.Layout.Planes.Count; i++)
        {
            var plane = scanout.Layout.Planes[i];
            parameters.Add(scanout.Memory(i), (uint)i, plane.Offset, plane.Stride, modifier.High, modifier.Low);
        }
        // Also if the compositor has stopped sampling on it since: then this import fails, and no other GPU gets the memory.
        if (choice.Device is { } device)
            parameters.SetSamplingDevice(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in device)));
        parameters.Create(scanout.Width, scanout.Height, choice.Format.Code, 0);
        return parameters;
    }

    /// <summary>Creates a pool on the scanout's own descriptor.</summary>
    public WlShmPool PoolOn(Scanout scanout) =>
        host.Globals.Shm.CreatePool(scanout.Memory(0), (int)scanout.Layout.Planes[0].BufferSize);

    public static WlBuffer CreateShm(WlShmPool pool, Scanout scanout, Fourcc format)
    {
        var plane = scanout.Layout.Planes[0];
        return pool.CreateBuffer((int)plane.Offset, scanout.Width, scanout.Height, (int)plane.Stride, ShmFormat(format));
    }

    /// <summary>Creates a buffer of our own memory, with the scanout's stride.</summary>
    public HostBuffer CreateCopy(Scanout scanout, Fourcc format, Action<HostBuffer> released)
    {
        var size = CopySize(scanout);
        using var memfd = Memfd.Create("guestplane-copy", size);
        using var pool = host.Globals.Shm.CreatePool(memfd, (int)size);
        var buffer = pool.CreateBuffer(0, scanout.Width, scanout.Height, (int)scanout.Layout.Planes[0].Stride, ShmFormat(format));
        return new HostBuffer(buffer, released, Mapping.Of(memfd, size, writable: true))
        {
            Stale = new(0, 0, scanout.Width, scanout.Height),
        };
    }

    /// <summary>Updates a copy, and counts the bytes; does nothing for other transports.</summary>
    public void CopyFrame(Scanout scanout, HostBuffer buffer)
    {
        if (buffer.Copy is not { } copy || buffer.Stale.IsEmpty)
            return;
        var (plane, area, bytesPerPixel) = (scanout.Layout.Planes[0], buffer.Stale, scanout.Format.BytesPerPixel[0]);
        var (stride, start) = ((int)plane.Stride, area.Y * (int)plane.Stride + area.X * bytesPerPixel);
        Stats.CopiedBytes += PixelRows.Copy(
            scanout.Pixels!.Bytes[((int)plane.Offset + start)..], stride, copy.Bytes[start..], stride,
            area.Width * bytesPerPixel, area.Height);
        buffer.Stale = default;
    }

    private static long CopySize(Scanout scanout) => scanout.Layout.Planes[0].Stride * (long)scanout.Height;

    private TransportChoice From(Transport first, Scanout scanout, string? reason)
    {
        for (var transport = first; transport < Transport.Impossible; transport++)
        {
            // Try prefers the format without alpha if the plane is opaque and the compositor accepts it.
            var (format, problem) = Try(transport, scanout);
            if (problem is null)
                return new(transport, format, reason, transport == Transport.DmaBuf ? SamplingDevice(scanout, format) : null);
            reason = reason is null ? problem : $"{reason}; {problem}";
        }
        return new(Transport.Impossible, scanout.Layout.Format, reason);
    }

    private (Fourcc Format, string? Problem) Try(Transport transport, Scanout scanout)
    {
        var format = scanout.Layout.Format;
        if (forced is { } only && transport != only)
            return (format, $"--transport {only.Spelled()} leaves out {transport.Spelled()}");
        if (_broken.TryGetValue(transport, out var broken))
            return (format, broken);
        if (opaque && scanout.Format.Opaque is { } twin && Problem(transport, scanout, twin) is null)
            return (twin, null);
        return (format, Problem(transport, scanout, format));
    }

    private string? Problem(Transport transport, Scanout scanout, Fourcc format) => transport switch
    {
        Transport.DmaBuf => DmaBufProblem(scanout, format),
        Transport.Shm => ShmProblem(scanout, format),
        _ => CopyProblem(scanout, format),
    };

    private string? DmaBufProblem(Scanout scanout, Fourcc format)
    {
        if (host.Globals.Dmabuf is null)
            return "the compositor has no zwp_linux_dmabuf_v1 of version 3 or later";
        if (GpuProblem(scanout) is { } problem)
            return problem;
        var modifier = scanout.Layout.Modifier;
        if (NamedGpu(scanout) is { } gpu)
            return SamplingDevice(scanout, format) is not null ? null
                : $"the compositor does not sample {format} with modifier {modifier} on the GPU {Path.GetFileName(gpu)} "
                    + $"(it samples there: {ModifiersOn(gpu, format)})";
        return host.Feedback.Accepts(format, modifier) || SurfaceFeedback?.Accepts(format, modifier) == true ? null
            : $"the compositor does not accept {format} with modifier {modifier} "
                + $"(it accepts: {host.Feedback.ModifiersOf(format)})";
    }

    /// <summary>
    /// The GPU that a buffer of this scanout must name, of those that the compositor lists; null if it names none. Memory that
    /// every GPU can read (udmabuf, a heap) names none: the compositor then tries all that it has (linux-dmabuf-v1.xml).
    /// </summary>
    private string? NamedGpu(Scanout scanout) =>
        host.Feedback.TellsSampling && scanout.Gpu is { } gpu && Gpus.Contains(gpu) ? gpu : null;

    /// <summary>The GPUs that may get a buffer to read. Only version 6 tells those of a surface apart from scanout.</summary>
    private List<string> Gpus => SurfaceFeedback is { TellsSampling: true } surface
        ? [.. surface.Gpus.Union(host.Feedback.Gpus)] : [.. host.Feedback.Gpus];

    private string ModifiersOn(string gpu, Fourcc format) =>
        (SurfaceFeedback is { } surface && surface.Gpus.Contains(gpu) ? surface : host.Feedback).ModifiersOf(format, gpu);

    /// <summary>The device as the compositor names it for this surface, or else in general.</summary>
    private ulong? SamplingDevice(Scanout scanout, Fourcc format) => scanout.Gpu is not { } gpu ? null
        : SurfaceFeedback?.SamplingDevice(gpu, format, scanout.Layout.Modifier)
            ?? host.Feedback.SamplingDevice(gpu, format, scanout.Layout.Modifier);

    /// <summary>
    /// A dma-buf that only one GPU can read must not be sent to another, which may read other memory instead. A compositor
    /// that reports no device of this machine is assumed to use its only GPU.
    /// </summary>
    private string? GpuProblem(Scanout scanout)
    {
        if (scanout.Gpu is not { } gpu)
            return null;
        var (told, there) = (Gpus, DrmNode.Devices().ToList());
        if (told.Contains(gpu) || (!host.Feedback.ReportsDevices && told.Count == 0 && there.Count <= 1))
            return null;
        if (told.Count == 0 && host.Feedback.ReportsDevices)
            return $"only the GPU {Path.GetFileName(gpu)} can read it, and the compositor does not say that it draws with it";
        return $"only the GPU {Path.GetFileName(gpu)} can read it, and the compositor draws with "
            + (told.Count > 0 ? string.Join(", ", told.Select(Path.GetFileName)) : "one of several that it does not report")
            + "; run the compositor on that GPU";
    }

    private string? ShmProblem(Scanout scanout, Fourcc format)
    {
        if (scanout.Layout.Modifier != Modifier.Linear)
            return $"wl_shm takes rows, and the modifier is {scanout.Layout.Modifier}";
        if (FormatProblem(scanout, format) is { } problem)
            return problem;
        var plane = scanout.Layout.Planes[0];
        if (plane.BufferSize > int.MaxValue || plane.Stride > int.MaxValue || plane.Offset > int.MaxValue)
            return "wl_shm's pools are smaller than 2 GiB";
        if (DmaBuf.Size(scanout.Memory(0)) < plane.BufferSize)
            return "the VM has made its memory smaller";
        // The compositor maps it read-write, and ends the connection if that fails: try it first.
        using var mapping = Mapping.Try(scanout.Memory(0), plane.BufferSize, writable: true, out var errno);
        return mapping is null ? $"{new LinuxException("its memory cannot be mapped for wl_shm", errno).Message}" : null;
    }

    private string? CopyProblem(Scanout scanout, Fourcc format)
    {
        if (scanout.Pixels is null)
            return "a dma-buf is not copied by CPU";
        return CopySize(scanout) > int.MaxValue ? "wl_shm's pools are smaller than 2 GiB" : FormatProblem(scanout, format);
    }

    private string? FormatProblem(Scanout scanout, Fourcc format)
    {
        if (scanout.Format.PlaneCount != 1)
            return $"wl_shm has one memory plane, and {format} has {scanout.Format.PlaneCount}";
        if (!host.ShmFormats.Contains(ShmFormat(format)))
            return $"the compositor's wl_shm does not list {format}";
        // wlroots requires a stride of whole pixels (wlr_shm.c).
        return scanout.Layout.Planes[0].Stride % scanout.Format.BytesPerPixel[0] == 0 ? null
            : $"a stride of {scanout.Layout.Planes[0].Stride} bytes is not a whole number of {format} pixels";
    }

    /// <summary>wl_shm has its own codes for two formats, and DRM's for all others (wayland.xml).</summary>
    private static WlShmFormat ShmFormat(Fourcc format) =>
        format == Fourcc.Argb8888 ? WlShmFormat.Argb8888
        : format == Fourcc.Xrgb8888 ? WlShmFormat.Xrgb8888 : (WlShmFormat)format.Code;
}

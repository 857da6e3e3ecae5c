using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A rung, the format by which the host is told, and why not a better rung (null on the first).</summary>
internal readonly record struct Step(Transport Transport, Fourcc Format, string? Reason);

/// <summary>
/// Which transport a plane can go by, and what each takes: the rungs in order, each with the sentence that says why it
/// does not bear.
/// </summary>
/// <param name="host">What is offered.</param>
/// <param name="forced">The one rung that the user allows, or null for all.</param>
/// <param name="opaque">The plane has nothing below it: its alpha means nothing, and a format without it can be scanned out.</param>
internal sealed class Ladder(Host host, Transport? forced, bool opaque)
{
    // Rungs that have broken for the whole plane, with the sentence that says how.
    private readonly Dictionary<Transport, string> _broken = [];

    public PlaneStats Stats { get; init; } = new();

    /// <summary>No scanout of this plane shall go by that rung any more.</summary>
    public void Exclude(Transport transport, string reason) => _broken[transport] = reason;

    /// <summary>Takes <see cref="Exclude"/> back.</summary>
    public void Include(Transport transport) => _broken.Remove(transport);

    /// <summary>What the host likes on this plane's surface, where it tells.</summary>
    public Feedback? SurfaceFeedback { get; set; }

    /// <summary>The best rung for a scanout.</summary>
    public Step First(Scanout scanout) => scanout.Kind switch
    {
        MemoryKind.Shared => From(Transport.Shm, scanout, "the guest gives shared memory, not a dma-buf"),
        MemoryKind.Bytes => From(Transport.Copy, scanout, "the guest gives bytes, not a dma-buf"),
        _ => From(Transport.DmaBuf, scanout, null),
    };

    /// <summary>The next rung after an import that the host refused.</summary>
    public Step Next(Scanout scanout, Step failed) => From(failed.Transport + 1, scanout,
        $"the host refused to import {failed.Format} {scanout.Layout.Modifier} {scanout.Width}x{scanout.Height} (zwp_linux_buffer_params_v1.failed)");

    /// <summary>Asks the host to import; it answers created or failed.</summary>
    public ZwpLinuxBufferParamsV1 Import(Scanout scanout, Fourcc format)
    {
        Stats.Imports++;
        var parameters = host.Globals.Dmabuf!.CreateParams();
        var modifier = scanout.Layout.Modifier;
        // In index order: weston compares each plane's modifier with plane 0's, initially 0.
        for (var i = 0; i < scanout.Layout.Planes.Count; i++)
        {
            var plane = scanout.Layout.Planes[i];
            parameters.Add(scanout.Memory(i), (uint)i, plane.Offset, plane.Stride, modifier.High, modifier.Low);
        }
        parameters.Create(scanout.Width, scanout.Height, format.Code, 0);
        return parameters;
    }

    /// <summary>A pool on the scanout's own descriptor.</summary>
    public WlShmPool PoolOn(Scanout scanout) =>
        host.Globals.Shm.CreatePool(scanout.Memory(0), (int)scanout.Layout.Planes[0].BufferSize);

    public static WlBuffer CreateShm(WlShmPool pool, Scanout scanout, Fourcc format)
    {
        var plane = scanout.Layout.Planes[0];
        return pool.CreateBuffer((int)plane.Offset, scanout.Width, scanout.Height, (int)plane.Stride, ShmFormat(format));
    }

    /// <summary>A buffer of our own memory, rows as in the scanout.</summary>
    public HostBuffer CreateCopy(Scanout scanout, Fourcc format, Action<HostBuffer> released)
    {
        var size = CopySize(scanout);
        using var memfd = Memfd.Create("guestplane-copy", size);
        using var pool = host.Globals.Shm.CreatePool(memfd, (int)size);
        var buffer = pool.CreateBuffer(0, scanout.Width, scanout.Height, (int)scanout.Layout.Planes[0].Stride, ShmFormat(format));
        return new HostBuffer(buffer, released, Mapping.Of(memfd, size, writable: true)) { Stale = new(0, 0, scanout.Width, scanout.Height) };
    }

    /// <summary>Brings a copy up to date, on the copy rung; what our CPU copies here is counted.</summary>
    public void CopyFrame(Scanout scanout, HostBuffer buffer)
    {
        if (buffer.Copy is not { } copy || buffer.Stale.IsEmpty)
            return;
        var (plane, area, bytesPerPixel) = (scanout.Layout.Planes[0], buffer.Stale, scanout.Format.BytesPerPixel[0]);
        var (stride, start) = ((int)plane.Stride, area.Y * (int)plane.Stride + area.X * bytesPerPixel);
        Stats.CopiedBytes += PixelRows.Copy(
            scanout.Pixels!.Bytes[((int)plane.Offset + start)..], stride, copy.Bytes[start..], stride, area.Width * bytesPerPixel, area.Height);
        buffer.Stale = default;
    }

    private static long CopySize(Scanout scanout) => scanout.Layout.Planes[0].Stride * (long)scanout.Height;

    private Step From(Transport first, Scanout scanout, string? reason)
    {
        for (var transport = first; transport < Transport.Impossible; transport++)
        {
            // Which of the two format codes is told: without alpha where it means nothing, if the host takes that.
            var (format, problem) = Try(transport, scanout);
            if (problem is null)
                return new(transport, format, reason);
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
            return "the host has no zwp_linux_dmabuf_v1 of version 3 or later";
        if (GpuProblem(scanout) is { } problem)
            return problem;
        var modifier = scanout.Layout.Modifier;
        return host.Feedback.Accepts(format, modifier) || SurfaceFeedback?.Accepts(format, modifier) == true ? null
            : $"the host does not take {format} with modifier {modifier} (it takes: {host.Feedback.ModifiersOf(format)})";
    }

    /// <summary>
    /// A dma-buf that only its own GPU can read must not get to another, which may read what it likes instead. A host that
    /// does not tell its GPU has that one if there is no other.
    /// </summary>
    private string? GpuProblem(Scanout scanout)
    {
        if (scanout.Gpu is not { } gpu)
            return null;
        var (told, there) = (host.Feedback.Gpus.ToList(), DrmNode.Devices().ToList());
        if (told.Contains(gpu) || (told.Count == 0 && there.Count <= 1))
            return null;
        return $"only the GPU {Path.GetFileName(gpu)} can read it, and the host draws with "
            + (told.Count > 0 ? string.Join(", ", told.Select(Path.GetFileName)) : "one that it does not tell, of several")
            + "; run the host on that GPU";
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
        // The host maps it for reading and writing, and drops the connection if that fails: so it is tried here first.
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
            return $"the host's wl_shm does not list {format}";
        // wlroots wants whole pixels in a stride (wlr_shm.c).
        return scanout.Layout.Planes[0].Stride % scanout.Format.BytesPerPixel[0] == 0 ? null
            : $"a stride of {scanout.Layout.Planes[0].Stride} bytes is not a whole number of {format} pixels";
    }

    /// <summary>wl_shm numbers two formats by itself, and takes DRM's code for all others (wayland.xml).</summary>
    private static WlShmFormat ShmFormat(Fourcc format) =>
        format == Fourcc.Argb8888 ? WlShmFormat.Argb8888 : format == Fourcc.Xrgb8888 ? WlShmFormat.Xrgb8888 : (WlShmFormat)format.Code;
}

namespace Guestplane.Tests.Fakes;

/// <summary>A tranche of dma-buf feedback: what the compositor does with buffers of these formats on a device.</summary>
/// <param name="Device">dev_t.</param>
/// <param name="Flags"><see cref="Scanout"/>, <see cref="Sampling"/>, both, or 0, which is rude from version 6 on.</param>
public sealed record HostTranche(ulong Device, uint Flags, IReadOnlyList<HostFormat> Formats)
{
    public const uint Scanout = 1, Sampling = 2;

    /// <summary>The default feedback does not have it.</summary>
    public bool IsOfSurfaces { get; init; }

    public bool IsSampling => (Flags & Sampling) != 0;
}

/// <summary>The formats that the compositor imports, and the table of them that clients map.</summary>
internal sealed class DmabufFormats : IDisposable
{
    private readonly List<HostFormat> _table;
    private readonly HashSet<HostFormat> _everTold;
    private readonly HashSet<(ulong Device, HostFormat Format)> _everSampled;

    public DmabufFormats(IEnumerable<HostTranche> tranches, FdLedger ledger, DmabufFormats? before)
    {
        Tranches = [.. tranches];
        // In the order of the main list, whose table clients keep.
        _table = [.. Main.Concat(Tranches.SelectMany(tranche => tranche.Formats)).Distinct()];
        _everTold = [.. _table, .. before?._everTold ?? []];
        _everSampled = [.. Sampled, .. before?._everSampled ?? []];
        var bytes = _table.SelectMany(Entry).ToArray();
        TableSize = (uint)bytes.Length;
        Table = HostFd.Memory("dmabuf-formats", bytes, ledger);
    }

    public HostFd Table { get; }

    public uint TableSize { get; }

    /// <summary>Best first.</summary>
    public IReadOnlyList<HostTranche> Tranches { get; private set; }

    /// <summary>What clients of version 3 and earlier get.</summary>
    public IEnumerable<HostFormat> Main =>
        Tranches.Where(tranche => !tranche.IsOfSurfaces).SelectMany(tranche => tranche.Formats).Distinct();

    private IEnumerable<(ulong Device, HostFormat Format)> Sampled =>
        Tranches.Where(tranche => tranche.IsSampling).SelectMany(tranche => tranche.Formats.Select(format => (tranche.Device, format)));

    /// <summary>
    /// Includes earlier lists: a client may have sent a buffer before the list changed, and compositors still import it.
    /// </summary>
    public bool Accepts(HostFormat format) => _everTold.Contains(format);

    /// <summary>Whether a buffer may be imported to that device now.</summary>
    public bool Samples(ulong device, HostFormat format) => Sampled.Contains((device, format));

    /// <summary>Includes earlier tranches: a client may not know yet that the device is gone, which is no error.</summary>
    public bool EverSampled(ulong device, HostFormat format) => _everSampled.Contains((device, format));

    public byte[] Indices(IEnumerable<HostFormat> formats) =>
        formats.SelectMany(format => BitConverter.GetBytes((ushort)_table.IndexOf(format))).ToArray();

    /// <summary>The same tranches with other formats, but those that only surfaces have.</summary>
    public IEnumerable<HostTranche> WithMain(IReadOnlyList<HostFormat> main) =>
        Tranches.Select(tranche => tranche.IsOfSurfaces ? tranche : tranche with { Formats = main });

    /// <summary>New tranches for the table that the clients already have.</summary>
    public void Narrow(IReadOnlyList<HostFormat> main)
    {
        if (main.FirstOrDefault(format => !_table.Contains(format)) is { Fourcc: not 0 } missing)
            throw new ArgumentException($"{missing} is not in the table");
        var left = WithMain(main).Select(tranche => tranche with { Formats = [.. tranche.Formats.Where(main.Contains)] });
        Tranches = [.. left.Where(tranche => tranche.Formats.Count > 0 || !tranche.IsOfSurfaces)];
        _everSampled.UnionWith(Sampled);
    }

    public void Dispose() => Table.Dispose();

    private static byte[] Entry(HostFormat format) =>
        [.. BitConverter.GetBytes(format.Fourcc), 0, 0, 0, 0, .. BitConverter.GetBytes(format.Modifier)];
}

namespace Guestplane.Tests.Fakes;

internal sealed class HostDmabuf(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const int FirstWithModifiers = 3;

    public override void Bound()
    {
        if (Version > FirstWithModifiers)
            return;
        if (Version == FirstWithModifiers)
            foreach (var format in Host.DmabufFormats.Main)
                Send("modifier", format.Fourcc, (uint)(format.Modifier >> 32), (uint)format.Modifier);
        else
            foreach (var fourcc in Host.DmabufFormats.Main.Select(format => format.Fourcc).Distinct())
                Send("format", fourcc);
    }

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "get_default_feedback":
                request.New<HostDmabufFeedback>("id").Start(null);
                break;
            case "get_surface_feedback":
                request.New<HostDmabufFeedback>("id").Start(request.Object<HostSurface>("surface"));
                break;
        }
    }
}

internal sealed class HostDmabufFeedback(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint Scanout = 1;

    private HostSurface? _surface;

    public void Start(HostSurface? surface)
    {
        _surface = surface;
        Tell(withTable: true);
    }

    public void Tell(bool withTable)
    {
        if (_surface is { Destroyed: true })
            return;
        var formats = Host.DmabufFormats;
        if (withTable)
            Send("format_table", formats.Table, Host.Setup.TableSize ?? formats.TableSize);
        var device = BitConverter.GetBytes(Host.Setup.MainDevice);
        Send("main_device", device);
        if (_surface is not null && formats.Scanout.Count > 0)
            TellTranche(device, Scanout, formats.Indices(formats.Scanout));
        TellTranche(device, 0, formats.Indices(formats.Main));
        Send("done");
    }

    private void TellTranche(byte[] device, uint flags, byte[] indices)
    {
        Send("tranche_target_device", device);
        Send("tranche_flags", flags);
        Send("tranche_formats", indices);
        Send("tranche_done");
    }
}

/// <summary>The formats that the compositor imports, and the table of them that clients map.</summary>
internal sealed class DmabufFormats : IDisposable
{
    private readonly List<HostFormat> _table;
    private readonly HashSet<HostFormat> _everTold;

    public DmabufFormats(IEnumerable<HostFormat> main, IEnumerable<HostFormat> scanout, FdLedger ledger, DmabufFormats? before)
    {
        Main = [.. main];
        Scanout = [.. scanout];
        _table = [.. Main.Concat(Scanout).Distinct()];
        _everTold = [.. _table, .. before?._everTold ?? []];
        var bytes = _table.SelectMany(Entry).ToArray();
        TableSize = (uint)bytes.Length;
        Table = HostFd.Memory("dmabuf-formats", bytes, ledger);
    }

    public HostFd Table { get; }

    public uint TableSize { get; }

    public List<HostFormat> Main { get; private set; }

    public List<HostFormat> Scanout { get; private set; }

    /// <summary>
    /// Includes earlier lists: a client may have sent a buffer before the list changed, and compositors still import it.
    /// </summary>
    public bool Accepts(HostFormat format) => _everTold.Contains(format);

    public byte[] Indices(IEnumerable<HostFormat> formats) =>
        formats.SelectMany(format => BitConverter.GetBytes((ushort)_table.IndexOf(format))).ToArray();

    /// <summary>New tranches for the table that the clients already have.</summary>
    public void Narrow(IReadOnlyList<HostFormat> main)
    {
        if (main.FirstOrDefault(format => !_table.Contains(format)) is { Fourcc: not 0 } missing)
            throw new ArgumentException($"{missing} is not in the table");
        Scanout = Scanout.Where(main.Contains).ToList();
        Main = [.. main];
    }

    public void Dispose() => Table.Dispose();

    private static byte[] Entry(HostFormat format) =>
        [.. BitConverter.GetBytes(format.Fourcc), 0, 0, 0, 0, .. BitConverter.GetBytes(format.Modifier)];
}

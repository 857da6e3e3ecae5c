using System.Runtime.InteropServices;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A preference group of dma-buf feedback: what one device of the host takes, best group first.</summary>
internal sealed class Tranche
{
    /// <summary>dev_t of the device; of one GPU, primary and render node differ.</summary>
    public ulong Device { get; set; }

    /// <summary>Buffers of this group may be scanned out.</summary>
    public bool Scanout { get; set; }

    public HashSet<(Fourcc Format, Modifier Modifier)> Formats { get; } = [];
}

/// <summary>
/// What the host takes as dma-bufs: by feedback from version 4 on, for everything or for one surface, re-sent whenever
/// the host changes its mind; before that by modifier events (linux-dmabuf-v1.xml).
/// </summary>
internal sealed class Feedback : IDisposable
{
    // struct of the format table: u32 format, u32 padding, u64 modifier.
    private const int TableEntry = 16;

    private readonly ZwpLinuxDmabufFeedbackV1? _proxy;
    private Mapping? _table;

    // Feedback is re-sent whenever a surface comes to be scanned out or no longer is: its tranches are used again.
    private readonly Stack<Tranche> _spare = new();
    private List<Tranche> _pending = [], _current = [];
    private Tranche _tranche = new();

    private Feedback(ZwpLinuxDmabufFeedbackV1? proxy)
    {
        _proxy = proxy;
        if (proxy is null)
            return;
        proxy.FormatTable += (_, e) => ReadTable(e.TakeFd(), e.Size);
        proxy.MainDevice += (_, e) => MainDevice = Device(e.Device);
        proxy.TrancheTargetDevice += (_, e) => _tranche.Device = Device(e.Device);
        proxy.TrancheFlags += (_, e) => _tranche.Scanout = (e.Flags & ZwpLinuxDmabufFeedbackV1TrancheFlags.Scanout) != 0;
        proxy.TrancheFormats += (_, e) => AddFormats(e.Indices);
        proxy.TrancheDone += (_, _) =>
        {
            _pending.Add(_tranche);
            _tranche = Spare();
        };
        proxy.Done += (_, _) => Apply();
    }

    /// <summary>Best first. Empty where the host takes no dma-bufs.</summary>
    public IReadOnlyList<Tranche> Tranches => _current;

    /// <summary>dev_t of the device that the host draws with; 0 where it does not tell.</summary>
    public ulong MainDevice { get; private set; }

    /// <summary>New tranches are in force.</summary>
    public event Action? Changed;

    /// <summary>How often the host has told its tranches.</summary>
    public int Times { get; private set; }

    /// <summary>For a surface that is not yet known.</summary>
    public static Feedback Default(ZwpLinuxDmabufV1? dmabuf)
    {
        if (dmabuf is null)
            return new Feedback(null);
        if (dmabuf.ProxyVersion >= 4)
            return new Feedback(dmabuf.GetDefaultFeedback());
        var feedback = new Feedback(null);
        feedback._current.Add(feedback._tranche);
        dmabuf.Modifier += (_, e) =>
            feedback._tranche.Formats.Add((new Fourcc(e.Format), new Modifier((ulong)e.ModifierHi << 32 | e.ModifierLo)));
        return feedback;
    }

    /// <summary>For one surface; null where the host's version has none.</summary>
    public static Feedback? OfSurface(ZwpLinuxDmabufV1? dmabuf, WlSurface surface) =>
        dmabuf is { ProxyVersion: >= 4 } ? new Feedback(dmabuf.GetSurfaceFeedback(surface)) : null;

    public bool Accepts(Fourcc format, Modifier modifier) => Tranches.Any(tranche => tranche.Formats.Contains((format, modifier)));

    /// <summary>The GPUs that a host draws with or shows on, as folders of /sys/devices; none where it does not tell.</summary>
    public IEnumerable<string> Gpus => Tranches.Select(tranche => tranche.Device).Append(MainDevice).Distinct().Select(DrmNode.DeviceOf).OfType<string>();

    /// <summary>The modifiers of a format, in words.</summary>
    public string ModifiersOf(Fourcc format)
    {
        var modifiers = Tranches.SelectMany(t => t.Formats).Where(f => f.Format == format).Select(f => f.Modifier.ToString()).Distinct().ToList();
        return modifiers.Count == 0 ? "none of that format" : string.Join(", ", modifiers);
    }

    public void Dispose()
    {
        _proxy?.Dispose();
        _table?.Dispose();
    }

    /// <summary>The table is kept: weston and mutter do not send it again with later tranches.</summary>
    private void ReadTable(Fd fd, uint size)
    {
        using (fd)
        {
            _table?.Dispose();
            _table = Mapping.Of(fd, size, writable: false, shared: false);
        }
    }

    private void AddFormats(ReadOnlySpan<byte> indices)
    {
        if (_table is null)
            return;
        var table = _table.Bytes;
        foreach (var index in MemoryMarshal.Cast<byte, ushort>(indices))
        {
            if ((index + 1) * TableEntry > table.Length)
                continue;
            var entry = table.Slice(index * TableEntry, TableEntry);
            _tranche.Formats.Add((new Fourcc(MemoryMarshal.Read<uint>(entry)), new Modifier(MemoryMarshal.Read<ulong>(entry[8..]))));
        }
    }

    private void Apply()
    {
        Times++;
        foreach (var old in _current)
            _spare.Push(old);
        _current.Clear();
        (_current, _pending) = (_pending, _current);
        Changed?.Invoke();
    }

    private Tranche Spare()
    {
        if (!_spare.TryPop(out var tranche))
            return new Tranche();
        tranche.Scanout = false;
        tranche.Formats.Clear();
        return tranche;
    }

    private static ulong Device(ReadOnlySpan<byte> bytes) => bytes.Length == sizeof(ulong) ? MemoryMarshal.Read<ulong>(bytes) : 0;
}

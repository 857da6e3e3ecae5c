using System.Runtime.InteropServices;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A tranche of dma-buf feedback: formats and modifiers that one device of the compositor accepts.</summary>
internal sealed class Tranche
{
    /// <summary>dev_t of the device. A GPU's primary and render node have different ones.</summary>
    public ulong Device { get; set; }

    /// <summary>True if buffers of this tranche may be scanned out.</summary>
    public bool Scanout { get; set; }

    /// <summary>True if the compositor draws from this tranche's buffers on the device. Null before version 6.</summary>
    public bool? Sampling { get; set; }

    public HashSet<(Fourcc Format, Modifier Modifier)> Formats { get; } = [];
}

/// <summary>
/// The dma-buf formats that the compositor accepts, in general or for one surface (linux-dmabuf-v1.xml). Version 3 has modifier
/// events; version 4 has feedback, which is re-sent at each change. It tells one device to draw with, apart from the tranches;
/// from version 6 on the tranches tell which devices sample, and there may be several.
/// </summary>
internal sealed class Feedback : IDisposable
{
    // An entry of the format table: u32 format, u32 padding, u64 modifier. Indices have 16 bits.
    private const int TableEntry = 16, MostEntries = 1 << 16;
    private const uint FirstWithSampling = 6;

    private readonly ZwpLinuxDmabufFeedbackV1? _proxy;
    private byte[] _table = [];

    // Feedback is re-sent whenever scanout of a surface begins or ends, so tranches are re-used.
    private readonly Stack<Tranche> _spare = new();
    private List<Tranche> _pending = [], _current = [];
    private Tranche _tranche = new();
    private ulong _mainDevice;

    private Feedback(ZwpLinuxDmabufFeedbackV1? proxy)
    {
        _proxy = proxy;
        if (proxy is null)
            return;
        TellsSampling = proxy.ProxyVersion >= FirstWithSampling;
        _tranche = Spare();
        proxy.FormatTable += (_, e) => ReadTable(e.TakeFd(), e.Size);
        // A compositor that sends it in version 6 all the same means an older version's rules: it does not count.
        if (!TellsSampling)
            proxy.MainDevice += (_, e) => _mainDevice = Device(e.Device);
        proxy.TrancheTargetDevice += (_, e) => _tranche.Device = Device(e.Device);
        proxy.TrancheFlags += (_, e) => SetFlags(e.Flags);
        proxy.TrancheFormats += (_, e) => AddFormats(e.Indices);
        proxy.TrancheDone += (_, _) =>
        {
            _pending.Add(_tranche);
            _tranche = Spare();
        };
        proxy.Done += (_, _) => Apply();
    }

    /// <summary>Best first; empty if the compositor accepts no dma-bufs.</summary>
    public IReadOnlyList<Tranche> Tranches => _current;

    /// <summary>True if the tranches tell which devices sample, and a buffer may name one of them (version 6).</summary>
    public bool TellsSampling { get; }

    /// <summary>
    /// The dev_t of each device that the compositor draws with, best first: those of the tranches for sampling, before version 6
    /// the main device. Empty if it reports none.
    /// </summary>
    public IEnumerable<ulong> SamplingDevices => (TellsSampling
        ? Tranches.Where(tranche => tranche.Sampling == true).Select(tranche => tranche.Device).Distinct()
        : [_mainDevice]).Where(device => device != 0);

    /// <summary>The tranches have been replaced.</summary>
    public event Action? Changed;

    /// <summary>How often the compositor has sent tranches.</summary>
    public int Times { get; private set; }

    /// <summary>The feedback for surfaces in general.</summary>
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

    /// <summary>The feedback for one surface; null if the compositor's version has none.</summary>
    public static Feedback? OfSurface(ZwpLinuxDmabufV1? dmabuf, WlSurface surface) =>
        dmabuf is { ProxyVersion: >= 4 } ? new Feedback(dmabuf.GetSurfaceFeedback(surface)) : null;

    /// <summary>
    /// Whether the compositor may be sent a buffer that any GPU can read. A tranche that is for scanout alone counts: the
    /// compositor can also sample its buffers, if by a detour, or else it answers that the import has failed.
    /// </summary>
    public bool Accepts(Fourcc format, Modifier modifier) =>
        Tranches.Any(tranche => tranche.Formats.Contains((format, modifier)));

    /// <summary>
    /// The dev_t of a GPU as the compositor names it, for a buffer that the GPU is to sample; null if the compositor does not
    /// sample that format on it, or has no version 6.
    /// </summary>
    public ulong? SamplingDevice(string gpu, Fourcc format, Modifier modifier) =>
        SampledOn(gpu).FirstOrDefault(tranche => tranche.Formats.Contains((format, modifier)))?.Device;

    /// <summary>
    /// The /sys/devices folders of the compositor's GPUs that may read a buffer; empty if it reports none. Version 6: those that
    /// sample. A GPU that only scans out is none of them, because another one may have to draw the buffer at any time.
    /// </summary>
    public IEnumerable<string> Gpus =>
        (TellsSampling ? SamplingDevices : Tranches.Select(tranche => tranche.Device).Append(_mainDevice).Distinct())
        .Select(DrmNode.DeviceOf).OfType<string>().Distinct();

    /// <summary>True if this machine has a device that the compositor names, whatever it does with it.</summary>
    public bool ReportsDevices => Tranches.Select(tranche => tranche.Device).Append(_mainDevice).Any(
        device => DrmNode.DeviceOf(device) is not null);

    /// <summary>The accepted modifiers of a format, as text.</summary>
    /// <param name="format">The format.</param>
    /// <param name="gpu">Those that this GPU samples; null: those of all tranches.</param>
    public string ModifiersOf(Fourcc format, string? gpu = null)
    {
        var tranches = gpu is null ? Tranches : SampledOn(gpu);
        var modifiers = tranches.SelectMany(tranche => tranche.Formats).Where(pair => pair.Format == format)
            .Select(pair => pair.Modifier.ToString()).Distinct().ToList();
        return modifiers.Count == 0 ? "none of that format" : string.Join(", ", modifiers);
    }

    public void Dispose()
    {
        _proxy?.Dispose();
    }

    /// <summary>
    /// Keeps the table: weston and mutter do not send it again with later tranches. It is copied, because memory that its owner
    /// truncates must not be read. A table that is not as large as the compositor says has no formats.
    /// </summary>
    private void ReadTable(Fd fd, uint size)
    {
        using (fd)
        {
            var length = (int)Math.Min(size, MostEntries * TableEntry);
            if (_table.Length != length)
                _table = new byte[length];
            try
            {
                fd.ReadAt(_table, 0);
            }
            catch (LinuxException)
            {
                _table = [];
            }
        }
    }

    private void AddFormats(ReadOnlySpan<byte> indices)
    {
        foreach (var index in MemoryMarshal.Cast<byte, ushort>(indices))
        {
            if ((index + 1) * TableEntry > _table.Length)
                continue;
            var entry = _table.AsSpan(index * TableEntry, TableEntry);
            _tranche.Formats.Add((
                new Fourcc(MemoryMarshal.Read<uint>(entry)), new Modifier(MemoryMarshal.Read<ulong>(entry[8..]))));
        }
    }

    /// <summary>By the GPU, because two dev_t cannot be compared: its nodes have different ones, and any may be sent.</summary>
    private IEnumerable<Tranche> SampledOn(string gpu) =>
        Tranches.Where(tranche => tranche.Sampling == true && DrmNode.DeviceOf(tranche.Device) == gpu);

    private void SetFlags(ZwpLinuxDmabufFeedbackV1TrancheFlags flags)
    {
        _tranche.Scanout = (flags & ZwpLinuxDmabufFeedbackV1TrancheFlags.Scanout) != 0;
        if (TellsSampling)
            _tranche.Sampling = (flags & ZwpLinuxDmabufFeedbackV1TrancheFlags.Sampling) != 0;
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
            tranche = new Tranche();
        (tranche.Device, tranche.Scanout, tranche.Sampling) = (0, false, TellsSampling ? false : null);
        tranche.Formats.Clear();
        return tranche;
    }

    private static ulong Device(ReadOnlySpan<byte> bytes) => bytes.Length == sizeof(ulong) ? MemoryMarshal.Read<ulong>(bytes) : 0;
}

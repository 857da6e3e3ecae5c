using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;
using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Creates the guest that the user names.</summary>
internal static class Sources
{
    /// <summary>Pause between two attempts. Each costs one access(2): only sysfs shows whether a vGPU exists.</summary>
    private const long VgpuPauseNs = 250_000_000;

    private static readonly string[] s_vgpus = ["vfio:", "/sys/", "/dev/vfio/"];
    private static readonly string[] s_words = ["pattern", "qemu:", "libvirt:", "vfio:", "pid:", "fd:"];

    public static readonly string Help =
        """
        vfio:UUID            a mediated vGPU of this machine
        vfio:/sys/…          the same by its sysfs path
        vfio:/dev/vfio/devices/vfioN   a VFIO device by its node
        pid:PID              the vGPU of a running VMM (its display must be off with mbochs)
        fd:N                 an inherited VFIO device descriptor
        """ + "\n" + QemuSource.Help + "\n" + QmpGuest.Help + "\n" + PatternHelp;

    /// <summary>Its options are more than a line.</summary>
    private static string PatternHelp =>
        PatternOptions.Help.Replace(",rate", ",\n        rate").Replace(",memory", ",\n        memory")
        + "\n                     the built-in test pattern";

    /// <summary>
    /// Completions for a shell: what a source can begin with, and the VMs of this machine. A word with a colon is looked up only
    /// among the sources that begin so.
    /// </summary>
    public static IEnumerable<string> Words(string word) => word.Split(':') switch
    {
        ["pattern", _, ..] => PatternOptions.Words.Select(option => $"pattern:{option}"),
        ["libvirt", _, ..] => QemuInventory.DomainWords(),
        ["qemu", _, ..] => ["qemu:", .. BusWords(), .. QemuInventory.SocketWords()],
        ["pid", _, ..] => QemuInventory.ProcessWords(),
        _ => ["pattern", "qemu:", "libvirt:", "pid:", .. VfioInventory.Words(), .. QemuInventory.SocketWords()],
    };

    private static IEnumerable<string> BusWords()
    {
        using var loop = new Loop();
        return QemuInventory.BusWords(loop);
    }

    /// <exception cref="SourceException">The source names no VM, or --edid was given for QEMU.</exception>
    public static GuestSlot Slot(ShowOptions options, Loop loop, Messages messages)
    {
        if (!QemuSource.Is(options.Source) || options.Source.Contains("://", StringComparison.Ordinal))
            return new(loop, messages, Opener(options, loop),
                options.Wait && IsVgpu(options.Source) ? VgpuPauseNs : null)
            {
                Hands = InputSources.Slot(options, loop, messages),
            };
        if (InputSources.IsNamed(options))
            throw new SourceException(SourceFault.Usage,
                $"--input is for sources without input of their own, and {options.Source} has its own.");
        if (options.Edid is not null)
            throw new SourceException(SourceFault.Usage,
                $"--edid is for vGPUs; {options.Source} makes its monitor by itself, as large as the window.");
        var vm = QemuSource.Parse(options.Source, options.Connection);
        return new(loop, messages, Make, options.Wait && vm.CanReturn ? GuestSlot.QemuPauseNs : null);

        QemuGuest Make(IGuest? before) =>
            new(vm, loop, options.Console, before as QemuGuest) { PlanesWay = options.Planes };
    }

    /// <summary>True for the source of a vGPU that can be opened again.</summary>
    public static bool IsVgpu(string source) =>
        s_vgpus.Any(beginning => source.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>Checks what the user has written; the result opens it, again and again.</summary>
    private static Func<IGuest?, IGuest> Opener(ShowOptions options, Loop loop)
    {
        var (source, edid) = (options.Source, options.Edid);
        if (options.Console is not null && !InputSources.IsNamed(options))
            throw new SourceException(SourceFault.Usage,
                $"--console is for qemu: and libvirt: sources, and {source} is neither.");
        if (options.Planes != PlanesWay.Auto)
            throw new SourceException(SourceFault.Usage,
                $"--planes is for qemu: and libvirt: sources, and {source} is neither.");
        if (QmpGuest.Is(source))
            throw new SourceException(SourceFault.Usage, $"{source} has input and no image: for the image write qemu:qmp=PATH; "
                + "QEMU needs -display dbus,p2p=yes for that.");
        if (IsVgpu(source))
            return VfioGuest.Opener(source, loop, edid);
        if (Number(source, "pid:") is { } pid)
            return _ => VfioGuest.OpenProcess(source, pid, loop, edid);
        if (Number(source, "fd:") is { } fd)
            return _ => VfioGuest.OpenFd(source, fd, loop, edid);
        if (edid is not null)
            throw new SourceException(SourceFault.Usage, $"--edid is for vGPUs, and {source} is none.");
        var pattern = source == "pattern" ? new PatternOptions()
            : source.StartsWith("pattern:", StringComparison.Ordinal) ? PatternOptions.Parse(source["pattern:".Length..])
            : throw new SourceException(SourceFault.Usage, $"\"{source}\" names no source; {Remedy(source)}.");
        return _ => new PatternGuest(source, pattern);
    }

    /// <summary>A clause that says what to write in place of words that name no source.</summary>
    private static string Remedy(string source)
    {
        if (source.Split("://") is [var scheme, _, ..])
            return scheme.StartsWith("qemu", StringComparison.OrdinalIgnoreCase)
                ? $"write libvirt:DOMAIN, and --connect {source}"
                : "guestplane speaks neither SPICE nor VNC: write qemu: for a VM of QEMU -display dbus, or libvirt:DOMAIN";
        if (FileOwner.IsSocket(source))
            return $"for a VM by its QMP socket write qemu:qmp={source}, for what guestplane share serves qemu:socket={source}";
        if (Guid.TryParseExact(source, "D", out _))
            return $"for a vGPU write vfio:{source}";
        return Spelling.Nearest(source, s_words) is { } near ? $"write {near}"
            : "the sources are vfio:UUID, pid:PID, fd:N, qemu:, libvirt:DOMAIN and pattern (see guestplane show --help)";
    }

    private static int? Number(string source, string prefix)
    {
        if (!source.StartsWith(prefix, StringComparison.Ordinal))
            return null;
        return int.TryParse(source.AsSpan(prefix.Length), out var number) && number >= 0 ? number
            : throw new SourceException(SourceFault.Usage, $"\"{source}\" does not end in a number.");
    }
}

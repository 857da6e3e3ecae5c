using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;
using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>The words by which a user names a guest.</summary>
internal static class Sources
{
    public const string Help =
        """
        vfio:UUID            a mediated vGPU of this machine
        vfio:/sys/…          the same by its sysfs path
        vfio:/dev/vfio/devices/vfioN   a VFIO device by its node
        pid:PID              the vGPU of a running VMM (its display must be off with mbochs)
        fd:N                 an inherited VFIO device descriptor
        """ + "\n" + QemuGuest.Help + "\n" + PatternOptions.Help + "\n                     the built-in test card";

    /// <summary>For a shell to complete: those that need no more words, and the vGPUs that are there.</summary>
    public static IEnumerable<string> Words() => ["pattern", "qemu:", .. VfioInventory.Words()];

    /// <exception cref="SourceException">With the sentence to show.</exception>
    public static IGuest Open(ShowOptions options, Loop loop, Messages messages)
    {
        if (!options.Wait || !IsVgpu(options.Source))
            return OpenNow(options, loop, messages);
        return VfioReturn.Await(() => OpenNow(options with { Wait = false }, loop, messages), loop, sentence => messages.Info($"{sentence} Waiting for it."))
            ?? throw new ExitException(ExitCode.Ok, "Interrupted.");
    }

    private static bool IsVgpu(string source) => source.StartsWith("vfio:", StringComparison.Ordinal) || source.StartsWith('/');

    private static IGuest OpenNow(ShowOptions options, Loop loop, Messages messages)
    {
        var (source, edid) = (options.Source, options.Edid);
        if (QemuGuest.Is(source))
            return edid is null ? QemuGuest.Open(source, loop, options.Console, options.Wait ? messages.Info : null)
                : throw new SourceException(SourceFault.Usage, $"--edid is for vGPUs; {source} makes its monitor by itself, as large as the window.");
        if (options.Console is not null)
            throw new SourceException(SourceFault.Usage, $"--console is for qemu: and libvirt: sources, and {source} is neither.");
        if (IsVgpu(source))
            return VfioGuest.Open(source, edid);
        if (Number(source, "pid:") is { } pid)
            return VfioGuest.OpenProcess(source, pid, loop, edid);
        if (Number(source, "fd:") is { } fd)
            return VfioGuest.OpenFd(source, fd, edid);
        if (edid is not null)
            throw new SourceException(SourceFault.Usage, $"--edid is for vGPUs, and {source} is none.");
        if (source == "pattern" || source.StartsWith("pattern:", StringComparison.Ordinal))
            return new PatternGuest(source, PatternOptions.Parse(source["pattern".Length..].TrimStart(':')));
        throw new SourceException(SourceFault.NotThere, $"\"{source}\" names no source; the sources are vfio:UUID, pid:PID, fd:N, qemu:, libvirt:DOMAIN and pattern (see guestplane show --help).");
    }

    private static int? Number(string source, string prefix)
    {
        if (!source.StartsWith(prefix, StringComparison.Ordinal))
            return null;
        return int.TryParse(source.AsSpan(prefix.Length), out var number) && number >= 0 ? number
            : throw new SourceException(SourceFault.Usage, $"\"{source}\" does not end in a number.");
    }
}

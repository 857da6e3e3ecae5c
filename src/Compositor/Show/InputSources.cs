using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Finds where the input of a guest goes whose planes have no input devices of their own.</summary>
internal static class InputSources
{
    private const string Auto = ShowOptions.FoundInput, None = "none";

    /// <summary>True if --input names a source.</summary>
    public static bool IsNamed(ShowOptions options) => options.Input is not (null or Auto or None);

    /// <summary>The source that --input names, or that the VMM of a pid: source offers. Null if there is none.</summary>
    /// <exception cref="SourceException">--input names no VM.</exception>
    public static GuestSlot? Slot(ShowOptions options, Loop loop, Messages messages) => options.Input switch
    {
        _ when options.IsReadOnly => null,
        Auto => Number(options.Source) is { } pid && Find(pid, messages) is { } found
            ? Slot(found, options, loop, messages, mustBeThere: false) : null,
        null or None => null,
        var words => Slot(words, options, loop, messages, mustBeThere: !options.Wait),
    };

    private static GuestSlot Slot(string words, ShowOptions options, Loop loop, Messages messages, bool mustBeThere) =>
        new(loop, messages, Maker(words, options, loop), GuestSlot.QemuPauseNs) { MustBeThere = mustBeThere };

    private static Func<IGuest?, IGuest> Maker(string words, ShowOptions options, Loop loop)
    {
        if (QmpGuest.Is(words))
            return before => new QmpGuest(words, loop, options.Console, before);
        if (!QemuSource.Is(words))
            throw new SourceException(SourceFault.Usage, $"--input takes a qemu: or libvirt: source, qmp:PATH, auto or none, "
                + $"and not \"{words}\".");
        var vm = QemuSource.Parse(words, options.Connection);
        return before => new QemuGuest(vm, loop, options.Console, before as QemuGuest, QemuUse.InputOnly);
    }

    private static int? Number(string source) =>
        source.StartsWith("pid:", StringComparison.Ordinal) && int.TryParse(source["pid:".Length..], out var pid) ? pid : null;

    private static string? Find(int pid, Messages messages)
    {
        var options = QemuCommandLine.Of(pid);
        if (options.InputWords is { } words)
        {
            messages.Info($"Keyboard and pointer go to {words}, by the command line of pid {pid}.");
            return words;
        }
        if (!options.IsEmpty)
            messages.Info($"Keyboard and pointer do not reach pid {pid}: its command line names neither -display dbus nor a -qmp "
                + "socket that guestplane may use. Give it one, and name it by --input qmp:PATH.");
        return null;
    }
}

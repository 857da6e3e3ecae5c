using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>
/// A desktop with a clipboard and a VM, and what tests do there. The fake host ignores a set_selection whose serial is not newer than
/// the selection's, as weston and mutter do.
/// </summary>
internal static class ClipboardDesktop
{
    // linux/input-event-codes.h.
    public const uint A = 30;

    public const uint Clipboard = 0, Primary = 1;

    /// <summary>The image of <see cref="ShowOneMore"/>.</summary>
    private static readonly Fd s_image = QemuDesktop.Memory(7);

    public static QemuDesktop Desktop(bool needsFocus = false, QemuSetup? vm = null, string arguments = "")
    {
        vm ??= new QemuSetup { Consoles = [new() { Width = 64, Height = 48, IsAbsolute = true }] };
        var desktop = QemuDesktop.Shown(arguments, vm, setup =>
        {
            setup.With("wl_data_device_manager", 3).With("zwp_primary_selection_device_manager_v1", 1);
            setup.SelectionNeedsFocus = needsFocus;
        });
        desktop.WaitQemu(q => q.Clipboard.IsRegistered);
        return desktop;
    }

    /// <summary>The VM's window gets the keyboard and a key.</summary>
    public static void FocusAndPress(QemuDesktop desktop, uint? window = null)
    {
        desktop.Host.KeyboardEnter(window ?? desktop.Root.Id);
        desktop.Host.Key(A, true);
        desktop.Host.Key(A, false);
    }

    public static string Paste(QemuDesktop desktop, bool isPrimary = false)
    {
        using var paste = desktop.Host.Paste(isPrimary: isPrimary);
        return paste.Read(QemuDesktop.Soon);
    }

    public static string PasteInGuest(QemuDesktop desktop, uint selection = Clipboard)
    {
        static int Answers(FakeQemu qemu) => qemu.Clipboard.Events.Count(seen => seen.Member == "Answer");
        var before = Answers(desktop.Qemu);
        desktop.Qemu.Clipboard.GuestRequest(selection);
        desktop.WaitQemu(q => Answers(q) > before);
        return desktop.Qemu.Clipboard.Events.Last(seen => seen.Member == "Answer").Text;
    }

    /// <summary>The program has handled all that compositor and VM have sent: it answers both in order.</summary>
    public static void Settle(QemuDesktop desktop)
    {
        for (var i = 0; i < 2; i++)
        {
            ShowOneMore(desktop);
            desktop.Host.Ping();
            desktop.Wait(h => h.PingsAnswered());
        }
    }

    /// <summary>A new image of the guest reaches the screen.</summary>
    public static void ShowOneMore(QemuDesktop desktop)
    {
        var commits = desktop.Host.Commits(desktop.Primary.Id);
        desktop.Show(s_image);
        desktop.Wait(h => h.Commits(desktop.Primary.Id) > commits);
    }

    public static int Count(QemuDesktop desktop, string request) => desktop.Host.Transcript.Matching(request).Count;

    public static int Descriptors(QemuDesktop desktop) => Directory.GetFileSystemEntries($"/proc/{desktop.Run!.Id}/fd").Length;
}

using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Hosts;

/// <summary>
/// Copy and paste on a real weston, by wl-clipboard's programs. weston ignores a set_selection that is not newer than the
/// selection, and its clipboard manager keeps what the owner of a selection takes away.
/// </summary>
public sealed class WestonClipboardTests : IDisposable
{
    private const uint Clipboard = 0;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-qmp-");

    public WestonClipboardTests() =>
        Assert.SkipUnless(Tools.Has("wl-copy") && Tools.Has("wl-paste"), "wl-clipboard is not installed");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>weston gives the keyboard to one of two windows, and sends the selection to that one again.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_newest_copy_is_pasted_on_both_sides(int windows)
    {
        var console = new QemuConsoleSetup { Width = 320, Height = 240, IsAbsolute = true };
        using var qemu = new FakeQemu(new QemuSetup { Consoles = [.. Enumerable.Repeat(console, windows)] });
        using var sway = await HeadlessSway.Start();
        using var seat = new VirtualSeat(sway);
        using var weston = await NestedWeston.Start(sway);
        var qmp = new FakeQmp(qemu, Path.Combine(_folder.FullName, "qmp"));
        using var show = ProgramRun.Start(sway.RuntimeDir, NestedWeston.DisplayName, $"show qemu:qmp={qmp.SocketPath}");
        await PressKey(qemu, seat);
        // Two copies, and no key in between.
        qemu.Clipboard.GuestGrab(Clipboard, 0, "text 1");
        await AwaitPaste(weston, "text 1");
        qemu.Clipboard.GuestGrab(Clipboard, 1, "text 2");
        await AwaitPaste(weston, "text 2");
        Assert.True(qemu.Clipboard.IsGuests(Clipboard));
        Assert.DoesNotContain(qemu.Clipboard.Events, seen => seen.Member is "Grab" or "Release");
        // weston's clipboard manager keeps each text, and must not put it in the place of the guest's image.
        qemu.Clipboard.GuestCopiesImage(Clipboard);
        await AwaitPaste(weston, "");
        Assert.True(qemu.Clipboard.IsGuests(Clipboard));
        Assert.DoesNotContain(qemu.Clipboard.Events, seen => seen.Member is "Grab" or "Release");
        // The desktop's is newer, and the keyboard comes back to the VM by itself.
        weston.Copy("text 3");
        await Tools.Until(() => qemu.Clipboard.Events.Any(seen => seen.Member == "Grab"), () => "the guest does not get the text");
        await PressKey(qemu, seat);
        qemu.Clipboard.GuestRequest(Clipboard);
        await Tools.Until(() => qemu.Clipboard.Events.Any(seen => seen.Text == "text 3"), () => string.Join('\n', qemu.Clipboard.Events));
        await AwaitPaste(weston, "text 3");
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
    }

    /// <summary>Until the VM gets one: weston gives the keyboard to a new window, and back to it when another has closed.</summary>
    private static async Task PressKey(FakeQemu qemu, VirtualSeat seat)
    {
        var before = qemu.Input.Count;
        await Tools.Until(() =>
        {
            seat.Tap(VirtualSeat.A);
            return qemu.Input.Skip(before).OfType<QemuKey>().Any();
        }, () => "no key arrives in the VM");
    }

    private static async Task AwaitPaste(NestedWeston weston, string text)
    {
        var pasted = "";
        await Tools.Until(() => (pasted = weston.Paste()) == text, () => $"pasted \"{pasted}\", not \"{text}\"");
    }
}

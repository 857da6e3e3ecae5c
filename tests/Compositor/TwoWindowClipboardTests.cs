using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>A VM has one clipboard, whichever of its windows has the focus.</summary>
public sealed class TwoWindowClipboardTests
{
    // linux/input-event-codes.h.
    private const uint A = 30;

    private const uint Clipboard = 0, Primary = 1;

    private static TwoWindows Shown(bool needsFocus = false)
    {
        var windows = TwoWindows.Shown(host: setup =>
        {
            setup.With("wl_data_device_manager", 3).With("zwp_primary_selection_device_manager_v1", 1);
            setup.SelectionNeedsFocus = needsFocus;
        });
        windows.WaitQemu(q => q.Clipboard.IsRegistered);
        return windows;
    }

    [Fact]
    public void A_second_copy_while_the_other_window_has_the_focus_needs_neither_key_nor_request()
    {
        using var windows = Shown();
        FocusAndPress(windows, windows.First);
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 0, "text 1");
        windows.Wait(h => h.IsOffered());
        windows.Host.KeyboardEnter(windows.Second);
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 1, "text 2");
        windows.Settle();
        Assert.Equal("text 2", Paste(windows));
        Assert.Equal((1, 0), (windows.Count(".set_selection("), windows.Host.IgnoredSelections));
        Assert.True(windows.Qemu.Clipboard.IsGuests(Clipboard));
        Assert.DoesNotContain(windows.Qemu.Clipboard.Events, seen => seen.Member is "Grab" or "Release");
        windows.End();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_newer_copy_on_the_desktop_wins_when_the_other_window_gets_the_focus(bool needsFocus)
    {
        using var windows = Shown(needsFocus);
        FocusAndPress(windows, windows.First);
        windows.Host.KeyboardLeave();
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 0, "of the guest");
        windows.Settle();
        windows.Host.Copy("newer");
        FocusAndPress(windows, windows.Second);
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        windows.Settle();
        Assert.Equal(("newer", "newer"), (Paste(windows), PasteInGuest(windows)));
        windows.Host.KeyboardEnter(windows.First);
        windows.Settle();
        Assert.Equal(("newer", "newer"), (Paste(windows), PasteInGuest(windows)));
        windows.End();
    }

    [Fact]
    public void A_set_selection_that_was_ignored_is_made_again_with_a_key_in_the_other_window()
    {
        using var windows = Shown(needsFocus: true);
        FocusAndPress(windows, windows.First);
        windows.Host.Copy("of a clipboard manager");
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 1, "of the guest");
        windows.Wait(h => h.IgnoredSelections == 1);
        FocusAndPress(windows, windows.Second);
        windows.Wait(h => h.IsOffered());
        Assert.Equal("of the guest", Paste(windows));
        Assert.True(windows.Qemu.Clipboard.IsGuests(Clipboard));
        windows.End();
    }

    [Fact]
    public void Programs_that_read_while_the_focus_changes_all_get_the_text()
    {
        using var windows = Shown();
        FocusAndPress(windows, windows.First);
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        windows.Wait(h => h.IsOffered());
        using var first = windows.Host.Paste();
        FocusAndPress(windows, windows.Second);
        using var second = windows.Host.Paste("UTF8_STRING");
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Request" }]);
        windows.Settle();
        windows.Qemu.Clipboard.GuestAnswer(Clipboard, "the text\0");
        Assert.Equal(("the text", "the text"), (first.Read(QemuDesktop.Soon), second.Read(QemuDesktop.Soon)));
        Assert.Single(windows.Qemu.Clipboard.Events, seen => seen.Member == "Request");
        windows.End();
    }

    [Theory]
    [InlineData("text/plain;charset=UTF-8")]
    [InlineData("TEXT")]
    [InlineData("STRING")]
    public void A_text_of_any_name_that_came_to_one_window_is_pasted_after_a_key_in_the_other(string type)
    {
        using var windows = Shown();
        windows.Host.Copy(new DesktopCopy("Grüße", type));
        windows.Host.KeyboardEnter(windows.First);
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        FocusAndPress(windows, windows.Second);
        windows.Settle();
        Assert.Equal("Grüße", PasteInGuest(windows));
        windows.End();
    }

    [Fact]
    public void The_primary_selection_is_shared_by_both_too()
    {
        using var windows = Shown();
        FocusAndPress(windows, windows.First);
        windows.Host.KeyboardEnter(windows.Second);
        windows.Qemu.Clipboard.GuestGrab(Primary, 0, "marked in the guest");
        windows.Wait(h => h.IsOffered(isPrimary: true));
        Assert.Equal("marked in the guest", Paste(windows, isPrimary: true));
        windows.Host.Copy("marked on the desktop", isPrimary: true);
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab", Selection: Primary }]);
        windows.Host.KeyboardEnter(windows.First);
        Assert.Equal("marked on the desktop", PasteInGuest(windows, Primary));
        windows.End();
    }

    [Fact]
    public void The_clipboard_outlives_the_window_that_had_the_focus()
    {
        using var windows = Shown();
        FocusAndPress(windows, windows.Second);
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        windows.Wait(h => h.IsOffered());
        using var paste = windows.Host.Paste();
        windows.Host.CloseOneWindow();
        windows.Wait(h => h.Surface(windows.Second) is null);
        windows.Qemu.Clipboard.GuestAnswer(Clipboard, "the text");
        Assert.Equal("the text", paste.Read(QemuDesktop.Soon));
        windows.Host.Copy("newer");
        FocusAndPress(windows, windows.First);
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Assert.Equal("newer", PasteInGuest(windows));
        windows.Qemu.Clipboard.GuestGrab(Clipboard, windows.Qemu.Clipboard.Events.Last(seen => seen.Member == "Grab").Serial + 1, "newest");
        windows.Tap(A);
        windows.Wait(h => h.IsOffered());
        Assert.Equal("newest", Paste(windows));
        windows.End();
    }

    [Fact]
    public void Floods_of_copies_and_of_changes_of_the_focus_cost_a_few_descriptors_and_the_show_goes_on()
    {
        const int MostPipes = 20;
        using var windows = Shown();
        FocusAndPress(windows, windows.First);
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        windows.Wait(h => h.IsOffered());
        windows.ShowOneMore();
        var before = Descriptors(windows);
        var readers = new List<HostPaste>();
        for (var i = 1u; i <= 1000; i++)
        {
            windows.Qemu.Clipboard.GuestGrab(Clipboard, i, null);
            windows.Host.KeyboardEnter(i % 2 == 0 ? windows.First : windows.Second);
            readers.Add(windows.Host.Paste());
        }
        windows.Settle();
        Assert.InRange(Descriptors(windows), before, before + MostPipes);
        Assert.Equal(1, windows.Count(".set_selection("));
        Assert.InRange(windows.Qemu.Clipboard.Events.Count(seen => seen.Member == "Request"), 1, 2);
        // The desktop does the same, with a key in each window.
        for (var i = 0; i < 1000; i++)
        {
            windows.Host.Copy(new DesktopCopy($"text {i}", FakeHost.PlainText));
            FocusAndPress(windows, i % 2 == 0 ? windows.First : windows.Second);
        }
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        windows.Settle();
        Assert.Equal("text 999", PasteInGuest(windows));
        Assert.InRange(Descriptors(windows), before - 1, before + 2);
        readers.ForEach(reader => reader.Dispose());
        windows.End();
    }

    /// <summary>D-Bus has no longer arrays than of 64 MiB.</summary>
    [Fact]
    public void A_text_of_64_MiB_is_reported_once_for_both_and_costs_bounded_memory()
    {
        using var windows = Shown();
        FocusAndPress(windows, windows.First);
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 0, new string('x', 64 << 20));
        windows.Wait(h => h.IsOffered());
        using var first = windows.Host.Paste();
        FocusAndPress(windows, windows.Second);
        using var second = windows.Host.Paste();
        windows.Desktop.Run!.WaitFor("copied in the VM is longer than 1 MiB");
        windows.Settle();
        Assert.False(first.HasEnded || second.HasEnded);
        windows.ShowOneMore();
        Assert.InRange(ClipboardLimitShowTests.PeakKiB(windows.Desktop), 1, ClipboardLimitShowTests.MaxPeakKiB);
        windows.Qemu.Clipboard.GuestGrab(Clipboard, 1, "short");
        FocusAndPress(windows, windows.First);
        windows.Settle();
        Assert.Equal("short", Paste(windows));
        Assert.Equal(2, windows.End().Messages.Split("copied in the VM is longer than 1 MiB").Length);
    }

    private static void FocusAndPress(TwoWindows windows, uint root)
    {
        windows.Host.KeyboardEnter(root);
        windows.Tap(A);
    }

    private static string Paste(TwoWindows windows, bool isPrimary = false)
    {
        using var paste = windows.Host.Paste(isPrimary: isPrimary);
        return paste.Read(QemuDesktop.Soon);
    }

    private static string PasteInGuest(TwoWindows windows, uint selection = Clipboard)
    {
        static int Answers(FakeQemu qemu) => qemu.Clipboard.Events.Count(seen => seen.Member == "Answer");
        var before = Answers(windows.Qemu);
        windows.Qemu.Clipboard.GuestRequest(selection);
        windows.WaitQemu(q => Answers(q) > before);
        return windows.Qemu.Clipboard.Events.Last(seen => seen.Member == "Answer").Text;
    }

    private static int Descriptors(TwoWindows windows) =>
        Directory.GetFileSystemEntries($"/proc/{windows.Desktop.Run!.Id}/fd").Length;
}

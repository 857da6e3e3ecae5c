using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Compositor.ClipboardDesktop;

namespace Guestplane.Tests.Compositor;

/// <summary>Copy and paste between the desktop and the VM, through the program: whose copy counts.</summary>
public sealed class ClipboardShowTests
{
    [Fact]
    public void Of_two_copies_after_one_key_the_desktop_pastes_the_second()
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, "text 1");
        desktop.Wait(h => h.IsOffered());
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 1, "text 2");
        Settle(desktop);
        Assert.Equal("text 2", Paste(desktop));
        // And nothing was sent for it, to either side.
        Assert.Equal((1, 0), (Count(desktop, ".set_selection("), desktop.Host.IgnoredSelections));
        Assert.True(desktop.Qemu.Clipboard.IsGuests(Clipboard));
        Assert.DoesNotContain(desktop.Qemu.Clipboard.Events, seen => seen.Member is "Grab" or "Release");
        desktop.End();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_newer_copy_on_the_desktop_wins_over_one_of_the_guest_in_the_background(bool needsFocus)
    {
        using var desktop = Desktop(needsFocus);
        FocusAndPress(desktop);
        desktop.Host.KeyboardLeave();
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, "of the guest");
        Settle(desktop);
        desktop.Host.Copy("newer");
        FocusAndPress(desktop);
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Settle(desktop);
        Assert.Equal("newer", Paste(desktop));
        Assert.Equal("newer", PasteInGuest(desktop));
        desktop.End();
    }

    [Fact]
    public void A_copy_of_the_guest_in_the_background_can_be_pasted_at_once()
    {
        using var desktop = Desktop();
        desktop.Host.Copy("older");
        FocusAndPress(desktop);
        Settle(desktop);
        desktop.Host.KeyboardLeave();
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 1, "of the guest");
        desktop.Wait(h => h.IsOffered());
        Assert.Equal("of the guest", Paste(desktop));
        FocusAndPress(desktop);
        Settle(desktop);
        Assert.True(desktop.Qemu.Clipboard.IsGuests(Clipboard));
        desktop.End();
    }

    [Fact]
    public void A_set_selection_that_was_ignored_is_made_again_with_the_next_key()
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Host.Copy("of a clipboard manager");
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        // No key since that: weston and mutter ignore the only serial that there is.
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 1, "of the guest");
        desktop.Wait(h => h.IgnoredSelections == 1);
        Settle(desktop);
        Assert.Equal("of a clipboard manager", Paste(desktop));
        desktop.Host.Key(A, true);
        desktop.Host.Key(A, false);
        desktop.Wait(h => h.IsOffered());
        Assert.Equal("of the guest", Paste(desktop));
        Assert.True(desktop.Qemu.Clipboard.IsGuests(Clipboard));
        desktop.End();
    }

    [Fact]
    public void A_guest_that_releases_its_selection_before_each_copy_needs_no_key_for_the_next()
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        for (var copy = 0u; copy < 5; copy++)
        {
            desktop.Qemu.Clipboard.GuestRelease(Clipboard);
            desktop.Qemu.Clipboard.GuestGrab(Clipboard, copy, $"text {copy}");
            Settle(desktop);
            Assert.True(desktop.Host.IsOffered());
            Assert.Equal($"text {copy}", Paste(desktop));
        }
        desktop.End();
    }

    [Fact]
    public void The_primary_selection_is_shared_too_and_by_itself()
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Host.Copy("clipboard of the desktop");
        desktop.Qemu.Clipboard.GuestGrab(Primary, 0, "marked in the guest");
        desktop.Wait(h => h.IsOffered(isPrimary: true));
        Assert.Equal("marked in the guest", Paste(desktop, isPrimary: true));
        desktop.Host.Copy("marked on the desktop", isPrimary: true);
        desktop.WaitQemu(q => q.Clipboard.Events.Count(seen => seen.Member == "Grab") == 2);
        Assert.Equal("marked on the desktop", PasteInGuest(desktop, Primary));
        Assert.Equal("clipboard of the desktop", PasteInGuest(desktop));
        desktop.End();
    }

    [Fact]
    public void A_program_that_keeps_the_guests_text_does_not_take_it_from_the_guest()
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, "kept");
        desktop.Wait(h => h.IsOffered());
        desktop.Host.Copy(new DesktopCopy("kept", desktop.Host.OfferedTypes()));
        Settle(desktop);
        Assert.True(desktop.Qemu.Clipboard.IsGuests(Clipboard));
        Assert.DoesNotContain(desktop.Qemu.Clipboard.Events, seen => seen.Member == "Grab");
        // Until the guest has it no more.
        desktop.Qemu.Clipboard.GuestRelease(Clipboard);
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Assert.Equal("kept", PasteInGuest(desktop));
        desktop.End();
    }

    [Fact]
    public void Windows_of_one_guest_share_its_clipboard()
    {
        var console = new QemuConsoleSetup { Width = 64, Height = 48, IsAbsolute = true };
        using var desktop = Desktop(vm: new QemuSetup { Consoles = [console, console] });
        desktop.Wait(h => h.Surfaces.Count(surface => surface.Role == "xdg_toplevel") == 2);
        var windows = desktop.Host.Surfaces.Where(surface => surface.Role == "xdg_toplevel").Select(surface => surface.Id).ToList();
        FocusAndPress(desktop, windows[0]);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, "of the guest");
        desktop.Wait(h => h.IsOffered());
        desktop.Host.KeyboardLeave();
        FocusAndPress(desktop, windows[1]);
        Settle(desktop);
        Assert.Equal("of the guest", Paste(desktop));
        desktop.Host.KeyboardLeave();
        desktop.Host.Copy("newer");
        FocusAndPress(desktop, windows[0]);
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Assert.Equal("newer", PasteInGuest(desktop));
        Assert.Equal(1, Count(desktop, ".set_selection("));
        desktop.End();
    }

    [Fact]
    public void Seats_share_the_guests_clipboard_and_the_newest_copy_of_any_counts()
    {
        using var desktop = Desktop();
        var host = desktop.Host;
        var first = host.UsedSeats[0];
        var second = host.AddSeat();
        desktop.Wait(h => h.UsedSeats.Contains(second));
        host.UseSeat(first);
        FocusAndPress(desktop);
        host.UseSeat(second);
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, "of the guest");
        foreach (var seat in new[] { first, second })
        {
            host.UseSeat(seat);
            desktop.Wait(h => h.IsOffered());
            Assert.Equal("of the guest", Paste(desktop));
        }
        host.Copy("on the second seat");
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Assert.Equal("on the second seat", PasteInGuest(desktop));
        host.UseSeat(first);
        desktop.Wait(h => !h.IsOffered());
        // The seat goes, and its text with it.
        host.RemoveSeat(second);
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Release" }]);
        host.Copy("on the first seat");
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Assert.Equal("on the first seat", PasteInGuest(desktop));
        desktop.End();
    }
}

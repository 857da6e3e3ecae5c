using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Compositor.ClipboardDesktop;

namespace Guestplane.Tests.Compositor;

/// <summary>The texts of a clipboard: who reads them, their types, and what is no text.</summary>
public sealed class ClipboardTextShowTests
{
    [Fact]
    public void Programs_that_read_at_the_same_time_all_get_the_text()
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        desktop.Wait(h => h.IsOffered());
        using var first = desktop.Host.Paste();
        using var second = desktop.Host.Paste("UTF8_STRING");
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Request" }]);
        Settle(desktop);
        desktop.Qemu.Clipboard.GuestAnswer(Clipboard, "the text");
        Assert.Equal(("the text", "the text"), (first.Read(QemuDesktop.Soon), second.Read(QemuDesktop.Soon)));
        Assert.Single(desktop.Qemu.Clipboard.Events, seen => seen.Member == "Request");
        desktop.End();
    }

    /// <summary>The program learns of both in one turn of its loop, and of the paste first: the VM's connection is newer.</summary>
    [Fact]
    public void A_VM_that_has_come_back_and_ends_during_a_paste_is_waited_for_again()
    {
        using var desktop = Desktop(arguments: "--wait");
        desktop.Qemu.Die();
        desktop.Run!.WaitFor("Waiting for it");
        desktop.Run.WaitFor("is back");
        desktop.WaitQemu(q => q.Clipboard.IsRegistered);
        ShowOneMore(desktop);
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        desktop.Wait(h => h.IsOffered());
        desktop.Run.Signal("STOP");
        using var paste = desktop.Host.Paste();
        desktop.Qemu.Die();
        desktop.Run.Signal("CONT");
        Assert.Equal("", paste.Read(QemuDesktop.Soon));
        desktop.WaitQemu(q => q.Clipboard.IsRegistered);
        ShowOneMore(desktop);
        desktop.End();
    }

    /// <summary>O_PATH (include/uapi/asm-generic/fcntl.h) cannot be written, and a file could block who writes it.</summary>
    [Theory]
    [InlineData(0x200000)]
    [InlineData((int)OpenMode.ReadWrite)]
    public void What_a_program_sends_in_place_of_a_pipe_is_closed(int mode)
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        desktop.Wait(h => h.IsOffered());
        var path = Path.Combine(desktop.Host.RuntimeDir, "no-pipe");
        File.WriteAllText(path, "as it was");
        using (var file = Fd.Open(path, (OpenMode)mode))
            desktop.Host.PasteInto(file);
        using var paste = desktop.Host.Paste();
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Request" }]);
        Settle(desktop);
        desktop.Qemu.Clipboard.GuestAnswer(Clipboard, "the text");
        Assert.Equal("the text", paste.Read(QemuDesktop.Soon));
        Assert.Equal("as it was", File.ReadAllText(path));
        desktop.End();
    }

    [Fact]
    public void A_text_that_does_not_come_is_not_an_empty_one()
    {
        var vm = new QemuSetup
        {
            Consoles = [new() { Width = 64, Height = 48, IsAbsolute = true }],
            ClipboardTimeout = TimeSpan.FromMilliseconds(50),
        };
        using var desktop = Desktop(vm: vm);
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        desktop.Wait(h => h.IsOffered());
        using var paste = desktop.Host.Paste();
        desktop.WaitQemu(q => q.Clipboard.Events.Count(seen => seen.Member == "Request") >= 2);
        Assert.False(paste.HasEnded);
        desktop.Qemu.Clipboard.GuestAnswer(Clipboard, "after all");
        Assert.Equal("after all", paste.Read(QemuDesktop.Soon));
        desktop.End();
    }

    [Fact]
    public void When_the_guest_has_lost_its_text_pipe_and_selection_end()
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        desktop.Wait(h => h.IsOffered());
        using var paste = desktop.Host.Paste();
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Request" }]);
        desktop.Qemu.Clipboard.GuestRelease(Clipboard);
        Assert.Equal("", paste.Read(QemuDesktop.Soon));
        desktop.Wait(h => !h.IsOffered());
        desktop.End();
    }

    [Fact]
    public void A_guest_that_has_copied_an_image_since_has_no_text_to_wait_for()
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, "text");
        desktop.Wait(h => h.IsOffered());
        desktop.Qemu.Clipboard.GuestCopiesImage(Clipboard);
        using var paste = desktop.Host.Paste();
        Assert.Equal("", paste.Read(QemuDesktop.Soon));
        Assert.Single(desktop.Qemu.Clipboard.Events, seen => seen.Member == "Request");
        // Our offer stays: a clipboard manager that took its place would take the image from the guest.
        Assert.True(desktop.Host.IsOffered());
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 2, "text 2");
        Assert.Equal("text 2", Paste(desktop));
        desktop.End();
    }

    [Theory]
    [InlineData("Test\0", "Test")]
    [InlineData("one\r\ntwo\r\n", "one\ntwo\n")]
    [InlineData("", "")]
    public void A_text_of_Windows_is_one_of_the_desktop(string theirs, string ours)
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, theirs);
        desktop.Wait(h => h.IsOffered());
        Assert.Equal(ours, Paste(desktop));
        desktop.End();
    }

    [Theory]
    [InlineData("text/plain;charset=UTF-8")]
    [InlineData("text/plain; charset=utf-8")]
    [InlineData("Text/Plain;format=flowed;charset=\"utf-8\"")]
    [InlineData("text/plain;charset=us-ascii")]
    [InlineData("text/plain")]
    [InlineData("UTF8_STRING")]
    [InlineData("TEXT")]
    [InlineData("STRING")]
    public void A_text_of_any_name_can_be_pasted_in_the_guest(string type)
    {
        using var desktop = Desktop();
        desktop.Host.Copy(new DesktopCopy("Grüße", "image/png", type, "text/html"));
        FocusAndPress(desktop);
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Assert.Equal("Grüße", PasteInGuest(desktop));
        desktop.End();
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/plain;charset=utf-16")]
    [InlineData("text")]
    public void What_is_no_text_is_not_offered_to_the_guest(string type)
    {
        using var desktop = Desktop();
        desktop.Host.Copy("text");
        FocusAndPress(desktop);
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        desktop.Host.Copy(new DesktopCopy("<b>", type));
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Release" }]);
        desktop.End();
    }

    [Fact]
    public void The_best_type_is_read_and_Latin_1_becomes_UTF_8()
    {
        using var desktop = Desktop();
        desktop.Host.Copy(new DesktopCopy("", "STRING") { Bytes = [0x47, 0x72, 0xfc, 0xdf, 0x65] });
        FocusAndPress(desktop);
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Assert.Equal("Grüße", PasteInGuest(desktop));
        desktop.Host.Copy(new DesktopCopy("Grüße", "STRING", "text/plain", "text/plain;charset=UTF-8", "TEXT"));
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        Assert.Equal("Grüße", PasteInGuest(desktop));
        Assert.Single(desktop.Host.Transcript.Matching(".receive(\"text/plain;charset=UTF-8\""));
        desktop.End();
    }
}

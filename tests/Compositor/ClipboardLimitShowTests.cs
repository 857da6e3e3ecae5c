using System.Diagnostics;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Compositor.ClipboardDesktop;

namespace Guestplane.Tests.Compositor;

/// <summary>Texts that are too long, and floods of copies.</summary>
public sealed class ClipboardLimitShowTests
{
    /// <summary>sd-bus reads a message of QEMU's as a whole, and D-Bus has messages of 128 MiB.</summary>
    internal const long MaxPeakKiB = 200 << 10;

    [Theory]
    [InlineData((1 << 20) + 1, 2u)]
    // D-Bus has no longer arrays.
    [InlineData(64 << 20, 1u)]
    public void A_text_that_is_too_long_is_reported_once(int bytes, uint times)
    {
        using var desktop = Desktop();
        FocusAndPress(desktop);
        var (text, pastes, began) = (new string('x', bytes), 0, Stopwatch.StartNew());
        for (var i = 0u; i < times; i++)
        {
            desktop.Qemu.Clipboard.GuestGrab(Clipboard, i, text);
            desktop.Wait(h => h.IsOffered());
            var isSaid = false;
            while (!isSaid)
            {
                using var paste = desktop.Host.Paste();
                Assert.InRange(++pastes, 1, 10);
                // On a busy machine the text may take longer than the program waits for it: one pastes again.
                while (!isSaid && !paste.HasEnded)
                    isSaid = desktop.Run!.Says("copied in the VM is longer than 1 MiB", within: TimeSpan.FromSeconds(1));
                if (!isSaid)
                    continue;
                Settle(desktop);
                Assert.False(paste.HasEnded);
            }
            // The program has seen the reader go before the next copy.
            Settle(desktop);
        }
        desktop.Host.Copy(text);
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        for (var i = 0u; i < times; i++)
            Assert.Equal("", PasteInGuest(desktop));
        ShowOneMore(desktop);
        // One more each time that a text takes longer than the program waits for it.
        var most = pastes + 1 + (int)(began.Elapsed / TimeSpan.FromSeconds(6));
        Assert.InRange(desktop.Qemu.Clipboard.Events.Count(seen => seen.Member == "Request"), pastes, most);
        Assert.InRange(PeakKiB(desktop), 1, MaxPeakKiB);
        var messages = desktop.End().Messages.Split('\n');
        Assert.Equal((1, 1), (messages.Count(Says("copied in the VM is longer than 1 MiB")),
            messages.Count(Says("copied on the desktop is longer than 1 MiB"))));

        static Func<string, bool> Says(string words) => line => line.Contains(words, StringComparison.Ordinal);
    }

    [Fact]
    public void Floods_of_copies_and_of_readers_cost_a_few_descriptors_and_the_show_goes_on()
    {
        const int MostPipes = 20;
        using var desktop = Desktop();
        FocusAndPress(desktop);
        desktop.Qemu.Clipboard.GuestGrab(Clipboard, 0, null);
        desktop.Wait(h => h.IsOffered());
        ShowOneMore(desktop);
        var before = Descriptors(desktop);
        var readers = new List<HostPaste>();
        for (var i = 1u; i <= 1000; i++)
        {
            desktop.Qemu.Clipboard.GuestGrab(Clipboard, i, null);
            readers.Add(desktop.Host.Paste());
        }
        Settle(desktop);
        Assert.InRange(Descriptors(desktop), before, before + MostPipes);
        Assert.Equal(1, Count(desktop, ".set_selection("));
        // It is requested again if the fake gives it up after five seconds.
        Assert.InRange(desktop.Qemu.Clipboard.Events.Count(seen => seen.Member == "Request"), 1, 5);
        ShowOneMore(desktop);
        // The desktop does the same, and nobody answers QEMU's request.
        for (var i = 0; i < 1000; i++)
            desktop.Host.Copy(new DesktopCopy("", FakeHost.PlainText) { NeverEnds = true });
        desktop.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        desktop.Qemu.Clipboard.GuestRequest(Clipboard);
        ShowOneMore(desktop);
        // A Grab may still follow.
        desktop.WaitQemu(q => q.Clipboard.Events.Any(seen => seen is { Member: "Answer", Mime: "none" }));
        Assert.InRange(Descriptors(desktop), before - 1, before + 2);
        readers.ForEach(reader => reader.Dispose());
        desktop.End();
    }

    internal static long PeakKiB(QemuDesktop desktop)
    {
        var line = File.ReadLines($"/proc/{desktop.Run!.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].TrimStart('\t'));
    }
}

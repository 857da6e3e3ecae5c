using Guestplane.Linux;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>guestplane pick on sway, with two of this machine's QEMUs.</summary>
public sealed class PickerTests
{
    /// <summary>Of the marked line and of the problem; letters have softer ones around them.</summary>
    private const uint Marked = 0x7fd0ff, Red = 0xff9090;

    [Fact]
    public async Task A_VM_is_chosen_by_keys_or_the_pointer_and_has_one_window()
    {
        Assert.SkipWhen(TextImage.Problem is not null, $"{TextImage.Problem}");
        using var bus = new PrivateBus();
        using var first = new RealQemu("-vga std -name alpha", $"dbus,addr={bus.Address}");
        using var second = new RealQemu("-vga std -name beta", $"dbus,addr={bus.Address}");
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);

        using var byKey = Pick(host, bus);
        await AwaitList(host);
        using (var again = Pick(host, bus))
        {
            Assert.Equal(0, again.Wait().ExitCode);
            Assert.Contains("The list of VMs is open already. Its window is raised.", again.Messages, StringComparison.Ordinal);
        }
        seat.Type("\n");
        await AwaitTitles(host, ["alpha"], ["beta"]);
        var chosen = host.Windows()[0].Title;

        using var byPointer = Pick(host, bus);
        await AwaitList(host);
        // The list moves if its window gets another size after its first image; and a click in between may hit nothing.
        var (line, looks) = ((X: 0, Y: 0), 0);
        await Tools.Until(() =>
        {
            if (Lines(host.Screenshot(), Marked) is [var marked, ..] && (marked != line || ++looks % 50 == 0))
            {
                line = marked;
                seat.MoveTo(line.X + 2, line.Y + 2);
                seat.Click(VirtualSeat.ButtonLeft);
            }
            return byPointer.HasEnded;
        }, () => byPointer.MessagesSoFar);
        Assert.Equal(0, byPointer.Wait().ExitCode);
        Assert.Contains("is shown already. Its window is raised.", byPointer.Messages, StringComparison.Ordinal);

        using var other = Pick(host, bus);
        await AwaitList(host);
        // Its keymap has the symbol on the key that is Escape on others.
        if (Tools.Has("wtype"))
            host.Run("wtype", "-k", "Down");
        else
            seat.Tap(VirtualSeat.Down);
        await Tools.Until(() => Lines(host.Screenshot(), Marked) is [var marked] && marked.Y > line.Y, () => "the second line is not marked");
        seat.Type("\n");
        await AwaitTitles(host, ["alpha", "beta"]);
        Assert.Equal(2, host.Windows().Count);

        // A VM that ends is told in the list, and not only where nobody looks.
        (chosen == "alpha" ? second : first).Kill();
        await Tools.Until(() => Lines(host.Screenshot(), Red).Count > 0, () => $"no problem is told: {string.Join(", ", host.Windows())}");
        seat.Tap(VirtualSeat.Esc);
        Assert.Equal(0, other.Wait().ExitCode);
        Assert.False(byKey.HasEnded);
    }

    private static ProgramRun Pick(HeadlessSway host, PrivateBus bus) =>
        ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, "pick", ("DBUS_SESSION_BUS_ADDRESS", bus.Address));

    private static Task AwaitList(HeadlessSway host) =>
        Tools.Until(() => Lines(host.Screenshot(), Marked).Count == 1, () => $"no line is marked: {string.Join(", ", host.Windows())}");

    private static Task AwaitTitles(HeadlessSway host, params string[][] either) => Tools.Until(
        () => either.Any(titles => host.Windows().Select(window => window.Title).Order(StringComparer.Ordinal).SequenceEqual(titles)),
        () => string.Join(", ", host.Windows()));

    /// <summary>The left upper corner of each line that has this colour.</summary>
    private static List<(int X, int Y)> Lines(Png screen, uint colour)
    {
        var lines = new List<(int X, int Y)>();
        for (var y = 0; y < screen.Height; y++)
        {
            var x = Enumerable.Range(0, screen.Width).FirstOrDefault(x => screen[x, y] == colour, -1);
            if (x >= 0 && !(lines.Count > 0 && y - lines[^1].Y < 16))
                lines.Add((x, y));
        }
        return lines;
    }
}

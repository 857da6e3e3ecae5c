using Guestplane.Compositor;
using Guestplane.Gvt;

namespace Guestplane.Tests.Compositor;

/// <summary>The list of <c>guestplane pick</c>.</summary>
public sealed class PickerListTests
{
    // linux/input-event-codes.h.
    private const uint Escape = 1, Enter = 28, Home = 102, Up = 103, End = 107, Down = 108, Left = 0x110, Right = 0x111;

    private readonly PickerList _list = new(problem: null) { LineAt = (_, y) => (int)y };
    private readonly List<string?> _chosen = [];

    public PickerListTests() => _list.Chosen += _chosen.Add;

    [Fact]
    public void It_looks_first_and_then_says_that_nothing_is_there()
    {
        Assert.Equal("Looking for VMs…", Row(0));
        _list.Update([]);
        Assert.StartsWith("There is no VM", Row(0), StringComparison.Ordinal);
        Tap(Down, Up, End, Home, Enter);
        _list.MoveTo(0, 1);
        _list.Button(Left, true);
        Assert.Empty(_chosen);
        Tap(Escape);
        Assert.Equal([null], _chosen);
    }

    [Fact]
    public void Keys_the_wheel_and_the_pointer_choose()
    {
        _list.Update(Entries(3));
        Tap(Down, Enter, Down, Down, Enter, Home, Enter);
        _list.Wheel(0, 60);
        _list.Wheel(0, 60);
        Tap(Enter);
        _list.MoveTo(0, 3);
        _list.Button(Right, true);
        _list.Button(Left, true);
        _list.MoveTo(0, 0);
        _list.Button(Left, true);
        Assert.Equal(["source:1", "source:2", "source:0", "source:1", "source:2"], _chosen);
    }

    [Fact]
    public void The_marked_one_stays_marked_when_others_come_and_go()
    {
        _list.Update(Entries(3));
        Tap(Down);
        _list.Update([.. Entries(5).Skip(1).Reverse()]);
        Tap(Enter);
        _list.Update([]);
        Tap(Enter);
        _list.Update(Entries(1));
        Tap(Enter);
        Assert.Equal(["source:1", "source:0"], _chosen);
    }

    [Fact]
    public void A_largelist_scrolls_with_the_mark()
    {
        _list.Update(Entries(40));
        Tap(End);
        Assert.Equal("\u203a VM 39", Row(11));
        _list.MoveTo(0, 1);
        Assert.Equal("\u203a VM 28", Row(0));
        Tap(Up);
        Assert.Equal("\u203a VM 27", Row(0));
    }

    [Fact]
    public void A_click_chooses_what_is_below_the_pointer_after_the_list_has_scrolled()
    {
        _list.Update(Entries(40));
        _list.MoveTo(0, 1);
        _list.Wheel(0, 120 * 20);
        _list.Button(Left, true);
        _list.Update(Entries(10));
        _list.MoveTo(0, 11);
        _list.Button(Left, true);
        Assert.Equal(["source:9"], _chosen);
        Assert.Equal("\u203a VM 0", Row(0));
    }

    [Fact]
    public void A_small_window_has_few_rows()
    {
        _list.Rows = -3;
        _list.Update(Entries(5));
        Tap(Down, Down);
        Assert.Equal((3, "\u203a VM 2"), (_list.Lines.Count, Row(0)));
    }

    [Fact]
    public void One_that_cannot_be_shown_is_not_chosen()
    {
        _list.Update([new(null, "QEMU without a QMP socket")]);
        Tap(Enter);
        Assert.Empty(_chosen);
    }

    [Fact]
    public void A_problem_is_told_whole()
    {
        var problem = string.Join(' ', Enumerable.Repeat("word", 60));
        var large = new PickerList(string.Join(' ', Enumerable.Repeat("a\u202eb\n", 2000))) { LineAt = (_, _) => -1 };
        Assert.Equal(4, large.Lines.Count - 3);
        Assert.DoesNotContain(large.Lines, line => line.Text.Any(letter => letter is '\u202e' or '\n'));
        var list = new PickerList(problem) { LineAt = (_, _) => -1 };
        var lines = list.Lines.Skip(2).SkipLast(1).Select(line => line.Text).ToList();
        Assert.Equal(problem, string.Join(' ', lines));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 76));
    }

    private static List<PickerEntry> Entries(int count) => [.. Enumerable.Range(0, count).Select(i => new PickerEntry($"source:{i}", $"VM {i}"))];

    private string Row(int row) => _list.Lines[1 + row].Text;

    private void Tap(params uint[] codes)
    {
        foreach (var code in codes)
        {
            _list.Key(code, true);
            _list.Key(code, false);
        }
    }
}

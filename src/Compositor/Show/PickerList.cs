using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>The lines of a picker, and its keyboard and pointer: the window's input comes here in place of a guest's.</summary>
internal sealed class PickerList : IHeadInput
{
    // linux/input-event-codes.h.
    private const uint Escape = 1, Tab = 15, Enter = 28, KeypadEnter = 96, Home = 102, Up = 103, End = 107, Down = 108;
    private const uint Left = 0x110;

    private const uint Dim = 0xa0a0a0, Bright = 0xffffff, Marked = 0x7fd0ff, Red = 0xff9090;
    private const int LongestLine = 76, MostProblemLines = 4, WheelNotch = 120;

    private readonly IReadOnlyList<string> _problem;
    private List<PickerEntry>? _entries;
    private int _marked, _first, _wheel;
    private (double X, double Y) _pointer;

    /// <param name="problem">Why the source that was chosen last is not shown; null for none.</param>
    public PickerList(string? problem) =>
        _problem = problem is null ? [] : [.. Wrap(Messages.OneLine(problem)).Take(MostProblemLines)];

    /// <summary>The lines look different.</summary>
    public event Action? Redrawn;

    /// <summary>The user has chosen this source; null: none.</summary>
    public event Action<string?>? Chosen;

    /// <summary>Finds the line at a place of the window, in logical pixels; -1 for none.</summary>
    public required Func<double, double, int> LineAt { get; init; }

    /// <summary>How many entries the window has room for.</summary>
    public int Rows
    {
        get;
        set
        {
            if (field == value)
                return;
            field = Math.Max(1, value);
            Mark(_marked);
        }
    } = 12;

    public bool IsAbsolute => true;

    public bool HasTouch => false;

    public LockKeys? Locks => LockKeys.None;

    public (int Width, int Height) Size => default;

    public event Action? Changed
    {
        add { }
        remove { }
    }

    public IReadOnlyList<TextLine> Lines =>
    [
        new("Choose what to show", Dim),
        .. EntryLines(),
        .. _problem.Select(line => new TextLine(line, Red)),
        new("Up, Down and Enter, or a click; Escape closes", Dim),
    ];

    /// <summary>What is there now. The marked entry stays marked.</summary>
    public void Update(List<PickerEntry> entries)
    {
        if (_entries is { } before && before.SequenceEqual(entries))
            return;
        var marked = _entries?.ElementAtOrDefault(_marked);
        _entries = entries;
        _marked = Math.Max(0, entries.IndexOf(marked!));
        Mark(_marked);
    }

    public bool HasKey(uint code) => true;

    public void Key(uint code, bool pressed)
    {
        if (!pressed)
            return;
        if (code is Enter or KeypadEnter)
            Choose(_marked);
        else if (code == Escape)
            Chosen?.Invoke(null);
        else if (code is Up or Down or Tab)
            Mark(_marked + (code == Up ? -1 : 1));
        else if (code is Home or End)
            Mark(code == Home ? 0 : int.MaxValue);
    }

    public void Button(uint code, bool pressed)
    {
        if (code == Left && pressed && Pointed is { } pointed)
            Choose(pointed);
    }

    public void MoveTo(double x, double y)
    {
        _pointer = (x, y);
        if (Pointed is { } pointed && pointed != _marked)
            Mark(pointed);
    }

    public void MoveBy(double dx, double dy) { }

    public void Wheel(int right120, int down120)
    {
        _wheel += down120;
        Mark(_marked + _wheel / WheelNotch);
        _wheel %= WheelNotch;
    }

    public void Touch(TouchKind kind, int slot, double x, double y) { }

    /// <summary>The entry below the pointer; null for none. The first line is no entry.</summary>
    private int? Pointed => LineAt(_pointer.X, _pointer.Y) - 1 is >= 0 and var row
        && row < Math.Min(Rows, (_entries?.Count ?? 0) - _first) ? _first + row : null;

    private IEnumerable<TextLine> EntryLines()
    {
        if (_entries is null)
            return [new("Looking for VMs…", Dim)];
        if (_entries.Count == 0)
            return [new("There is no VM and no vGPU. One that starts appears here.", Bright)];
        return _entries.Skip(_first).Take(Rows).Select((entry, i) => _first + i == _marked
            ? new TextLine($"\u203a {entry.Words}", Marked)
            : new TextLine($"  {entry.Words}", entry.Source is null ? Dim : Bright));
    }

    private void Mark(int entry)
    {
        _marked = Math.Clamp(entry, 0, Math.Max(0, (_entries?.Count ?? 0) - 1));
        _first = Math.Clamp(_first, Math.Max(0, _marked - Rows + 1), _marked);
        Redrawn?.Invoke();
    }

    private void Choose(int entry)
    {
        if (_entries?.ElementAtOrDefault(entry)?.Source is { } source)
            Chosen?.Invoke(source);
    }

    private static IEnumerable<string> Wrap(string sentence)
    {
        var line = "";
        foreach (var word in sentence.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > LongestLine)
            {
                yield return line;
                line = "";
            }
            line += line.Length > 0 ? $" {word}" : word;
        }
        yield return line;
    }
}

using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes;

/// <summary>The clipboard and the primary selection of each seat, and the programs of the desktop that use them.</summary>
public sealed partial class FakeHost
{
    public const string PlainText = "text/plain;charset=utf-8";

    private readonly Dictionary<(uint Seat, bool IsPrimary), HostSelection> _selections = [];

    /// <summary>A program of the desktop copies; null clears the selection.</summary>
    public void Copy(DesktopCopy? copy, bool isPrimary = false) => Act(() =>
    {
        foreach (var selection in UsedSelections(isPrimary).ToList())
            selection.SetByDesktop(copy);
    });

    public void Copy(string text, bool isPrimary = false) => Copy(new DesktopCopy(text, PlainText), isPrimary);

    /// <summary>A program of the desktop pastes.</summary>
    public HostPaste Paste(string type = PlainText, bool isPrimary = false)
    {
        HostPaste? paste = null;
        Act(() => paste = UsedSelections(isPrimary).First().Paste(type));
        return paste!;
    }

    /// <inheritdoc cref="HostSelection.PasteInto"/>
    public void PasteInto(SafeHandle descriptor) => Act(() => UsedSelections(isPrimary: false).First().PasteInto(descriptor, PlainText));

    /// <summary>The types that a client offers; empty if no client has the selection.</summary>
    public IReadOnlyList<string> OfferedTypes(bool isPrimary = false) =>
        Locked(() => UsedSelections(isPrimary).First().Source?.Types.ToList() ?? []);

    /// <summary>True if a client has the selection.</summary>
    public bool IsOffered(bool isPrimary = false) => OfferedTypes(isPrimary).Count > 0;

    /// <summary>How many set_selection were ignored.</summary>
    public int IgnoredSelections => Locked(() => _selections.Values.Sum(selection => selection.Ignored));

    internal HostSelection Selection(uint seat, bool isPrimary)
    {
        if (!_selections.TryGetValue((seat, isPrimary), out var selection))
            _selections.Add((seat, isPrimary), selection = new HostSelection(this, isPrimary));
        return selection;
    }

    private IEnumerable<HostSelection> UsedSelections(bool isPrimary) =>
        from global in _globals
        where global.Interface == "wl_seat" && (_usedSeat == 0 || _usedSeat == global.Name)
        select Selection(global.Name, isPrimary);

    private void FocusSelections(HostClient? client)
    {
        foreach (var selection in UsedSelections(isPrimary: false).Concat(UsedSelections(isPrimary: true)).ToList())
            selection.Focus(client);
    }
}

using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Copies text between a seat's selections and the guest's. Several seats may share a guest: the guest's text is offered to
/// each, and the guest gets the text that was copied last.
/// </summary>
internal sealed class Clipboard(Loop loop, Seat seat, IGuestClipboard guest, Messages messages) : IDisposable
{
    private sealed record Shared(WlProxy Manager, SeatSelection Selection);

    private Shared? _clipboard, _primary;

    /// <summary>Shares each selection for which the compositor has a manager now.</summary>
    public void Update(Globals globals)
    {
        _clipboard = Share(_clipboard, globals.DataDevices, guest.Clipboard, manager => new ClipboardDevice(manager, seat.Proxy));
        _primary = Share(_primary, globals.PrimarySelection, guest.Primary, manager => new PrimaryDevice(manager, seat.Proxy));
    }

    public void Dispose()
    {
        _clipboard?.Selection.Dispose();
        _primary?.Selection.Dispose();
    }

    private Shared? Share<T>(Shared? before, T? manager, IGuestSelection selection, Func<T, SelectionDevice> make)
        where T : WlProxy
    {
        if (before?.Manager == manager)
            return before;
        before?.Selection.Dispose();
        return manager is null ? null : new(manager, new SeatSelection(loop, seat, make(manager), selection, messages));
    }
}

using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>What a window keeps the host from: putting the screen to sleep, taking keys for itself.</summary>
internal sealed class Inhibitors : IDisposable
{
    private readonly ZwpIdleInhibitorV1? _idle;
    private readonly ZwpKeyboardShortcutsInhibitorV1? _shortcuts;

    public Inhibitors(Globals globals, WlSurface surface, ShowOptions options)
    {
        if (options.KeepAwake)
            _idle = globals.IdleInhibit?.CreateInhibitor(surface);
        if (options.InhibitShortcuts && globals.Seat is { } seat)
            _shortcuts = globals.ShortcutsInhibit?.InhibitShortcuts(surface, seat.Proxy);
    }

    public void Dispose()
    {
        _idle?.Dispose();
        _shortcuts?.Dispose();
    }
}

using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// Says which keys let go of the guest when the user makes the window full screen. It is gone after a few seconds or with the
/// next key, because compositors do not scan out a plane below it.
/// </summary>
internal sealed class FullscreenHint : IDisposable
{
    /// <summary>Two short lines are read in less.</summary>
    private const long ShownNs = 4_000_000_000;

    /// <summary>In the upper part of the window.</summary>
    private const double Middle = 0.15;

    // Not the setup, which has the plane of the connection before: all connections would stay in memory.
    private readonly Loop _loop;
    private readonly Head _head;
    private readonly ShowOptions _options;
    private readonly Window _window;
    private readonly WindowText _text;
    private readonly LoopTimer _end;
    private bool _wasFullscreen;

    /// <param name="setup">The head, and where it is shown.</param>
    /// <param name="window">The head's window.</param>
    public FullscreenHint(ScreenSetup setup, Window window)
    {
        (_loop, _head, _options, _window) = (setup.Loop, setup.Head, setup.Options, window);
        _text = new WindowText(setup.Loop, setup.Host.Globals, window, Middle, setup.Told);
        setup.Loop.Add(_end = new LoopTimer(_ => Hide()));
        _text.Shown += () => _end.Set(Clock.Now + ShownNs);
    }

    /// <summary>What the hint says; empty if nothing would let go.</summary>
    internal static IReadOnlyList<string> Words(KeyBindings keys, bool hasInput) =>
    [
        .. hasInput && keys[BoundAction.Release] is { } release ? [$"Let keys and pointer go: {release}"] : (string[])[],
        .. keys[BoundAction.Fullscreen] is { } leave ? [$"Leave full screen: {leave}"] : (string[])[],
    ];

    /// <summary>
    /// The window was configured. Its first configure is not the user's wish, nor is full screen that the program requested.
    /// </summary>
    /// <param name="isFirst">True if it was not configured before.</param>
    /// <param name="isInUse">True if the window shows the guest.</param>
    /// <param name="scale120">The window's scale.</param>
    public void Follow(bool isFirst, bool isInUse, int scale120)
    {
        var isFullscreen = _window.IsFullscreen;
        if (!isFullscreen)
            Hide();
        else if (!_wasFullscreen && !isFirst && isInUse && !_window.AwaitsFullscreen)
            _text.Show(Words(_options.Keys, _head.Input is not null && !_options.IsReadOnly), scale120);
        _wasFullscreen = isFullscreen;
    }

    /// <inheritdoc cref="WindowText.Place"/>
    public void Place(Rectangle place) => _text.Place(place);

    public void Hide()
    {
        _text.Hide();
        _end.Cancel();
    }

    public void Dispose()
    {
        _text.Dispose();
        _loop.Remove(_end);
    }
}

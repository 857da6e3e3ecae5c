namespace Guestplane.Compositor;

/// <summary>
/// Maps a window: freely, full screen on any output, or full screen on a named output. It waits for the named output, and
/// makes the window full screen there again when the output comes back.
/// </summary>
internal sealed class WindowPlace : IDisposable
{
    private readonly Globals _globals;
    private readonly Window _window;
    private readonly string? _output;
    private Output? _on;
    private bool _isMapped;

    /// <param name="globals">The compositor's globals.</param>
    /// <param name="window">Not mapped yet.</param>
    /// <param name="fullscreen">True for full screen; implied by an output.</param>
    /// <param name="output">The output's name; null for any.</param>
    public WindowPlace(Globals globals, Window window, bool fullscreen, string? output)
    {
        (_globals, _window, _output) = (globals, window, output);
        if (output is null)
        {
            if (fullscreen)
                window.Fullscreen(null);
            window.Map();
            return;
        }
        globals.OutputsChanged += Look;
        Look();
    }

    /// <summary>The name of the output that is awaited; null if none is.</summary>
    public string? Awaited => _output is not null && _on is null ? _output : null;

    public void Dispose() => _globals.OutputsChanged -= Look;

    private void Look()
    {
        var on = _globals.Outputs.Find(output => output.Name == _output);
        if (on == _on)
            return;
        _on = on;
        if (on is null)
            return;
        _window.Fullscreen(on.Proxy);
        if (!_isMapped)
            _window.Map();
        _isMapped = true;
    }
}

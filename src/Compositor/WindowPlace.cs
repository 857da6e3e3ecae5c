namespace Guestplane.Compositor;

/// <summary>
/// Where a window is to be: as the host likes, on the whole of whichever output, or on the whole of one that is named. Until
/// that one is there the window is not, and when it has come back the window goes back to it.
/// </summary>
internal sealed class WindowPlace : IDisposable
{
    private readonly Globals _globals;
    private readonly Window _window;
    private readonly string? _output;
    private Output? _on;
    private bool _isMapped;

    /// <param name="globals">The host's outputs.</param>
    /// <param name="window">Not mapped yet.</param>
    /// <param name="fullscreen">On the whole of an output.</param>
    /// <param name="output">Its name; null for any.</param>
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

    /// <summary>The output that it waits for; null when it is there.</summary>
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

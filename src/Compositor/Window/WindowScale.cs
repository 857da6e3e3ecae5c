using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Device pixels per logical pixel of a window: the compositor's preference (wp_fractional_scale_v1), otherwise the largest
/// scale of the window's outputs.
/// </summary>
internal sealed class WindowScale : IDisposable
{
    /// <summary>Scale 1 in the protocol's unit.</summary>
    public const int One = 120;

    private readonly Globals _globals;
    private readonly WpFractionalScaleV1? _fractional;
    private readonly List<WlOutput> _outputs = [];
    private uint _preferred;
    private int _told = One;
    private (Output? Output, int Refresh, (int, int) Size) _toldOutput;

    public WindowScale(Globals globals, WlSurface surface)
    {
        _globals = globals;
        surface.Enter += (_, e) =>
        {
            if (e.Output is { } output && !_outputs.Contains(output))
                _outputs.Add(output);
            Tell();
        };
        surface.Leave += (_, e) =>
        {
            if (e.Output is { } output)
                _outputs.Remove(output);
            Tell();
        };
        globals.OutputsChanged += Tell;
        _fractional = globals.FractionalScale?.GetFractionalScale(surface);
        if (_fractional is not null)
            _fractional.PreferredScale += (_, e) =>
            {
                _preferred = e.Scale;
                Tell();
            };
    }

    /// <summary>The output that the window entered last; null if it is on none.</summary>
    public Output? Output => _outputs.Count > 0 ? OutputOf(_outputs[^1]) : null;

    /// <summary>False without wp_viewporter: a buffer's pixel is then a logical pixel.</summary>
    public bool CanScale => _globals.Viewporter is not null;

    /// <summary>The scale in 1/120.</summary>
    public int Scale120 => !CanScale ? One : _preferred > 0 ? (int)Math.Min(_preferred, 100 * One)
        : One * Math.Clamp(
            _globals.Outputs.Where(output => _outputs.Contains(output.Proxy)).Select(output => output.Scale)
                .DefaultIfEmpty(1).Max(), 1, 100);

    /// <summary>The scale has changed.</summary>
    public event Action? Changed;

    /// <summary>The window is on another output, or its output has another mode.</summary>
    public event Action? Moved;

    /// <summary>Rounds half up, as compositors do (fractional-scale-v1.xml).</summary>
    public static int ToDevice(int logical, int scale120) => (int)(((long)logical * scale120 + One / 2) / One);

    public static int ToLogical(int device, int scale120) => (int)Math.Max(1, ((long)device * One + scale120 / 2) / scale120);

    public void Dispose()
    {
        _globals.OutputsChanged -= Tell;
        _fractional?.Dispose();
    }

    private Output? OutputOf(WlOutput proxy) => _globals.Outputs.Find(output => output.Proxy == proxy);

    private void Tell()
    {
        // The compositor sends no leave event for an output that is gone.
        _outputs.RemoveAll(proxy => OutputOf(proxy) is null);
        var output = (Output, Output?.RefreshMilliHz ?? 0, Output?.Size ?? default);
        var (hasMoved, isScaled) = (output != _toldOutput, _told != Scale120);
        (_toldOutput, _told) = (output, Scale120);
        if (isScaled)
            Changed?.Invoke();
        if (hasMoved)
            Moved?.Invoke();
    }
}

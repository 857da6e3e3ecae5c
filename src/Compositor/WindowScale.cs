using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Device pixels per logical pixel of a window: what the host prefers for it (wp_fractional_scale_v1), else the largest of
/// the outputs that it is on.
/// </summary>
internal sealed class WindowScale : IDisposable
{
    /// <summary>The protocol's unit: a scale of 1.</summary>
    public const int One = 120;

    private readonly Globals _globals;
    private readonly WpFractionalScaleV1? _fractional;
    private readonly List<WlOutput> _outputs = [];
    private uint _preferred;
    private int _told = One;
    private (Output? Output, int Refresh, (int, int) Mode) _toldOutput;

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

    /// <summary>The output that it is on, the last that it came to; null while it is on none.</summary>
    public Output? Output => _outputs.Count > 0 ? OutputOf(_outputs[^1]) : null;

    /// <summary>In 1/120.</summary>
    public int Scale120 => _preferred > 0 ? (int)Math.Min(_preferred, 100 * One)
        : One * Math.Clamp(_globals.Outputs.Where(output => _outputs.Contains(output.Proxy)).Select(output => output.Scale).DefaultIfEmpty(1).Max(), 1, 100);

    /// <summary>The scale is another now.</summary>
    public event Action? Changed;

    /// <summary>It is on another output, or that has another mode.</summary>
    public event Action? Moved;

    /// <summary>Rounded half up, as the host does (fractional-scale-v1.xml).</summary>
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
        // Of one that is gone the host cannot say that we left it.
        _outputs.RemoveAll(proxy => OutputOf(proxy) is null);
        var output = (Output, Output?.RefreshMilliHz ?? 0, Output?.Mode ?? default);
        var (hasMoved, isScaled) = (output != _toldOutput, _told != Scale120);
        (_toldOutput, _told) = (output, Scale120);
        if (isScaled)
            Changed?.Invoke();
        if (hasMoved)
            Moved?.Invoke();
    }
}

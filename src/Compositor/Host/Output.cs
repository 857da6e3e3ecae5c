using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>An output of the compositor.</summary>
internal sealed class Output
{
    /// <summary>Shapes in place of sizes, which displays without a size report (mutter's list, and its multiples).</summary>
    private static readonly (int, int)[] s_shapes = [(16, 9), (16, 10), (160, 90), (160, 100), (1600, 900), (1600, 1000)];

    private readonly uint _name;
    private ZxdgOutputV1? _logical;
    private (int Width, int Height) _millimetres, _logicalSize;

    public Output(WlOutput proxy, uint name)
    {
        (Proxy, _name) = (proxy, name);
        proxy.Done += (_, _) => Told?.Invoke();
        proxy.Mode += (_, e) =>
        {
            if ((e.Flags & WlOutputMode.Current) != 0)
                (RefreshMilliHz, Mode) = (Math.Max(0, e.Refresh), (Math.Max(0, e.Width), Math.Max(0, e.Height)));
        };
        proxy.Geometry += (_, e) =>
        {
            _millimetres = (e.PhysicalWidth, e.PhysicalHeight);
            Transform = e.Transform;
        };
        proxy.Scale += (_, e) => Scale = Math.Max(1, e.Factor);
        proxy.Name += (_, e) => Name = e.Name;
    }

    /// <summary>"HDMI-A-1"; null until it is received, and before version 4 of wl_output.</summary>
    public string? Name { get; private set; }

    public WlOutput Proxy { get; }

    /// <summary>All properties have been received, or a change of some.</summary>
    public event Action? Told;

    /// <summary>The refresh rate of the current mode; 0 if the compositor reports none (headless).</summary>
    public int RefreshMilliHz { get; private set; }

    /// <summary>The size of the current mode in device pixels.</summary>
    public (int Width, int Height) Mode { get; private set; }

    public WlOutputTransform Transform { get; private set; }

    /// <summary>The output's size as it is seen, in device pixels; (0, 0) if unknown.</summary>
    public (int Width, int Height) Size => Turned(Mode);

    /// <summary>The output's size as it is seen, in logical pixels: by xdg-output if the compositor has it.</summary>
    public (int Width, int Height) LogicalSize =>
        _logicalSize is { Width: > 0, Height: > 0 } told ? told : (Size.Width / Scale, Size.Height / Scale);

    /// <summary>The physical size of <see cref="Size"/>; (0, 0) if unknown.</summary>
    public (int Width, int Height) Millimetres => s_shapes.Contains(_millimetres) ? default : Turned(_millimetres);

    /// <summary>Device pixels per logical pixel, rounded up by the compositor to an integer.</summary>
    public int Scale { get; private set; } = 1;

    /// <summary>Requests the logical size, which mode and scale do not tell of a fractional scale.</summary>
    public void Describe(ZxdgOutputManagerV1 manager)
    {
        if (_logical is not null)
            return;
        _logical = manager.GetXdgOutput(Proxy);
        _logical.LogicalSize += (_, e) => _logicalSize = (e.Width, e.Height);
        // Deprecated since version 3, which sends wl_output.done.
        _logical.Done += (_, _) => Told?.Invoke();
    }

    /// <summary>True if the removed global was this output, which is then destroyed.</summary>
    public bool Gone(uint name)
    {
        if (name != _name)
            return false;
        _logical?.Dispose();
        Proxy.Dispose();
        return true;
    }

    /// <summary>The odd transforms turn by 90 or 270 degrees, flipped or not.</summary>
    private (int Width, int Height) Turned((int Width, int Height) size) =>
        ((int)Transform & 1) != 0 ? (size.Height, size.Width) : size;
}

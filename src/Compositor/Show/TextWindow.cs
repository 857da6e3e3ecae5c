using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>A window of one colour with text in its middle.</summary>
internal sealed class TextWindow : IDisposable
{
    private readonly Globals _globals;
    private readonly Seats _seats;
    private readonly WindowInput _input;
    private readonly WindowScale _scale;
    private readonly WindowText _text;
    private readonly Layer _layer;
    private readonly Sheet _background;
    private IReadOnlyList<TextLine> _lines = [];
    private WindowPlace? _place;

    /// <param name="seats">Those of the connection.</param>
    /// <param name="window">Not mapped yet; this takes ownership.</param>
    /// <param name="input">The window's; this takes ownership.</param>
    /// <param name="text">The window's; this takes ownership.</param>
    /// <param name="background">0xRRGGBB.</param>
    public TextWindow(Seats seats, Window window, WindowInput input, WindowText text, uint background)
    {
        (_globals, _seats, Window, _input, _text) = (seats.Host.Globals, seats, window, input, text);
        _scale = new WindowScale(_globals, window.Root);
        _scale.Changed += () => Show(_lines);
        _seats.Add(input);
        _background = new Sheet(_globals, colour: background);
        _layer = new Layer(_globals, window.Root, null, sync: false);
        window.Configured += Paint;
    }

    public Window Window { get; }

    /// <summary>In logical pixels, unless the compositor chooses one.</summary>
    public (int Width, int Height) OwnSize { get; init; } = (640, 480);

    /// <summary>The window has this size (logical pixels) from the commit that follows.</summary>
    public event Action<Rectangle>? Resizing;

    /// <inheritdoc cref="WindowPlace(Globals, Compositor.Window, bool, string)"/>
    public void Map(bool fullscreen = false, string? output = null) =>
        _place = new WindowPlace(_globals, Window, fullscreen, output);

    public void Show(IReadOnlyList<TextLine> lines)
    {
        _lines = lines;
        _text.Show(lines, _scale.Scale120);
    }

    /// <inheritdoc cref="TextSurface.LineAt"/>
    public int LineAt(double x, double y) => _text.LineAt(x, y);

    public void Dispose()
    {
        _seats.Remove(_input);
        _input.Dispose();
        _place?.Dispose();
        _text.Dispose();
        _scale.Dispose();
        _layer.Dispose();
        Window.Dispose();
        _background.Dispose();
    }

    private void Paint()
    {
        var (width, height) = Window.HostSize.Width > 0 ? Window.HostSize : OwnSize;
        var all = new Rectangle(0, 0, width, height);
        Window.SetSize(width, height);
        _background.Paint(Window.Root, width, height);
        _layer.Place(all, new(0, 0, 1, 1), (1, 1), all);
        _layer.SetOpaque(width, height);
        Resizing?.Invoke(all);
        _text.Place(all);
        Window.Root.Commit();
    }
}

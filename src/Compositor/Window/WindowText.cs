using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Words on top of a window, while there are any. They are drawn in another thread, and come a moment later.</summary>
/// <param name="loop">The loop of the window.</param>
/// <param name="globals">The compositor's globals.</param>
/// <param name="window">The window.</param>
/// <param name="middle">The height of the text's middle, in parts of the window's.</param>
/// <param name="told">Told why no text can be drawn. Null: the window never has any.</param>
internal sealed class WindowText(Loop loop, Globals globals, Window window, double middle, Messages? told) : IDisposable
{
    /// <summary>Of the background: the letters can be read on any image.</summary>
    private const double Opacity = 0.8;

    private TextSurface? _text;
    private Rectangle _place;
    private int _wanted;

    /// <summary>The words are on the window.</summary>
    public event Action? Shown;

    public void Show(IReadOnlyList<string> lines, int scale120) =>
        Show([.. lines.Select(line => new TextLine(line))], scale120);

    /// <param name="lines">Nothing is shown if there are none.</param>
    /// <param name="scale120">The window's scale.</param>
    public void Show(IReadOnlyList<TextLine> lines, int scale120)
    {
        if (told is null || lines.Count == 0 || globals.Subcompositor is null)
            return;
        var wanted = ++_wanted;
        _ = Task.Run(() => (Image: TextImage.Draw(lines,
                new((double)scale120 / WindowScale.One, Opacity), out var problem), Problem: problem))
            .ContinueWith(drawn => loop.Post(() =>
            {
                if (drawn.Result.Image is not { } image)
                    told.Detail($"There is no text in the window: {drawn.Result.Problem}.");
                else if (wanted == _wanted)
                    Put(image, scale120);
            }), TaskScheduler.Default);
    }

    /// <summary>The window has this size, from the root's next commit on.</summary>
    public void Place(Rectangle place)
    {
        if (place != _place)
            _text?.Place(place, middle);
        _place = place;
    }

    /// <inheritdoc cref="TextSurface.LineAt"/>
    public int LineAt(double x, double y) => _text?.LineAt(x, y) ?? -1;

    public void Hide()
    {
        _wanted++;
        _text?.Dispose();
        _text = null;
    }

    public void Dispose() => Hide();

    private void Put(TextImage image, int scale120)
    {
        _text?.Dispose();
        _text = new TextSurface(globals, window.Root, image, scale120);
        _text.Place(_place, middle);
        // The first commit would map the window, which may wait for its output.
        if (window.IsConfigured)
            window.Root.Commit();
        Shown?.Invoke();
    }
}

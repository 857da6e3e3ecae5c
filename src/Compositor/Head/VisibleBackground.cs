using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A background that compositors draw and report, in place of a window's usual one. It shows whether they present anything of
/// the window while its image is off.
/// </summary>
internal sealed class VisibleBackground(
    Globals globals, WlSurface root, PrimarySurfaces surfaces, PlaneFrames frames, uint colour) : IDisposable
{
    /// <summary>0xRRGGBB. wlroots does not draw an opaque black pixel with nothing below it, and then reports nothing.</summary>
    private const uint AlmostBlack = 0x010101;

    /// <summary>
    /// What was committed to the root last, unless a resize has put the usual backdrop there since; null if nothing was shown.
    /// </summary>
    private Sheet? _sheet;
    private WlCallback? _frame;

    public bool IsShown => _sheet is not null;

    /// <summary>Commits a new one, also if one is shown.</summary>
    public void Show(Rectangle window)
    {
        var before = _sheet;
        var sheet = _sheet = new Sheet(globals, colour: colour == 0 ? AlmostBlack : colour);
        surfaces.Paint(sheet, window);
        if (globals.Presentation?.Feedback(root) is { } feedback)
        {
            feedback.Presented += (_, _) => Answer(sheet, true);
            feedback.Discarded += (_, _) => Answer(sheet, false);
        }
        if (_frame is null)
        {
            _frame = root.Frame();
            _frame.Done += (_, _) => Taken();
        }
        root.Commit();
        before?.Dispose();
    }

    /// <summary>Gives the root its usual backdrop, if another one is shown.</summary>
    public void Hide(Rectangle window)
    {
        if (_sheet is null)
            return;
        // The root may have the image again.
        if (!surfaces.On.IsRoot)
        {
            surfaces.PaintBackdrop(window);
            root.Commit();
        }
        Dispose();
    }

    public void Dispose()
    {
        _sheet?.Dispose();
        _frame?.Dispose();
        (_sheet, _frame) = (null, null);
    }

    private void Taken()
    {
        _frame = null;
        frames.BackgroundTaken();
    }

    /// <summary>One that was replaced by the next is discarded for that reason.</summary>
    private void Answer(Sheet sheet, bool isPresented)
    {
        if (sheet == _sheet || (isPresented && _sheet is not null))
            frames.BackgroundAnswered(isPresented);
    }
}

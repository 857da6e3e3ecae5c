using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A surface of a head's window that the primary plane may be on, with what belongs to the surface.</summary>
internal sealed class PrimarySurface : IDisposable
{
    private readonly Globals _globals;
    private readonly SurfaceHints? _hints;
    private Layer? _layer;
    private (int Width, int Height) _opaque;

    /// <param name="globals">The compositor's globals.</param>
    /// <param name="surface">The window's root, or a surface that this owns.</param>
    /// <param name="options">The user's hints.</param>
    /// <param name="isRoot">True for the window's root.</param>
    /// <param name="mayHavePlane">False for a root that the primary plane always lies above.</param>
    public PrimarySurface(Globals globals, WlSurface surface, ShowOptions options, bool isRoot, bool mayHavePlane = true)
    {
        (_globals, Surface, IsRoot) = (globals, surface, isRoot);
        if (mayHavePlane)
            (Feedback, _hints) = (Feedback.OfSurface(globals.Dmabuf, surface), new SurfaceHints(globals, surface, options));
        if (isRoot)
            _layer = new Layer(globals, surface, null, sync: false);
    }

    public WlSurface Surface { get; }

    public bool IsRoot { get; }

    /// <summary>What the compositor reports for the surface; null if it reports nothing per surface.</summary>
    public Feedback? Feedback { get; }

    /// <summary>Makes it a subsurface, directly above the root.</summary>
    public void JoinWindow(WlSurface root)
    {
        _layer = new Layer(_globals, Surface, root, sync: false);
        _layer.PlaceAbove(root);
        // The root receives all input, so that positions are relative to one surface.
        _layer.IgnoreInput();
    }

    /// <summary>Takes it out of the window. The image is taken off too, so that it does not come back with the surface.</summary>
    public void LeaveWindow()
    {
        _layer?.Dispose();
        _layer = null;
        Surface.Attach(null, 0, 0);
        Surface.Commit();
    }

    /// <inheritdoc cref="Layer.Place"/>
    public void Place(Rectangle rectangle, Rectangle source, (int Width, int Height) image, Rectangle window) =>
        _layer!.Place(rectangle, source, image, window);

    /// <inheritdoc cref="Layer.SetOpaque"/>
    public void SetOpaque(int width, int height)
    {
        if (_layer is null || (width, height) == _opaque)
            return;
        _opaque = (width, height);
        _layer.SetOpaque(width, height);
    }

    /// <summary>Destroys in protocol order: roles before surfaces. The root belongs to the window, and stays.</summary>
    public void Dispose()
    {
        Feedback?.Dispose();
        _hints?.Dispose();
        _layer?.Dispose();
        if (!IsRoot)
            Surface.Dispose();
    }
}

using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Where a window's primary plane may be: on the root, or on a surface directly above it, below which the root has a backdrop.
/// Without a subcompositor it is on the root, whose size is then the image's.
/// </summary>
internal sealed class PrimarySurfaces : IDisposable
{
    private readonly PrimarySurface _root;
    private readonly PrimarySurface? _above;
    private readonly Sheet? _backdrop;

    /// <summary>Where the plane was until the commit that is being made.</summary>
    private PrimarySurface? _left;

    public PrimarySurfaces(Host host, WlSurface root, ShowOptions options)
    {
        var globals = host.Globals;
        var isTree = globals.Subcompositor is not null;
        // Without wp_viewporter a root could not crop an image that is larger than the screen.
        HasChoice = isTree && globals.Viewporter is not null && host.CountsSurfaces;
        _root = new(globals, root, options, isRoot: true, mayHavePlane: !isTree || HasChoice);
        _above = isTree ? new(globals, globals.Compositor.CreateSurface(), options, isRoot: false) : null;
        _backdrop = isTree ? new Sheet(globals, colour: options.Background) : null;
        On = _above ?? _root;
        _above?.JoinWindow(root);
    }

    /// <summary>True if there is a surface above the root.</summary>
    public bool IsTree => _above is not null;

    /// <summary>True if the plane may move to the root. Otherwise it stays above, where there is an above.</summary>
    public bool HasChoice { get; }

    /// <summary>Where the plane is.</summary>
    public PrimarySurface On { get; private set; }

    public IEnumerable<Feedback> Feedbacks => new[] { _root.Feedback, _above?.Feedback }.OfType<Feedback>();

    /// <summary>True while the plane's first commit on another surface is being made.</summary>
    public bool IsMoving => _left is not null;

    /// <summary>Moves the plane, which is about to be committed.</summary>
    /// <param name="plane">The plane.</param>
    /// <param name="toRoot">Whether it is on the root from now on.</param>
    /// <returns>False if it is there already.</returns>
    public bool Move(PlaneSurface plane, bool toRoot)
    {
        if (!HasChoice || On.IsRoot == toRoot)
            return false;
        (_left, On) = (On, toRoot ? _root : _above!);
        if (!toRoot)
            On.JoinWindow(_root.Surface);
        plane.MoveTo(On.Surface, On.Feedback);
        return true;
    }

    /// <summary>The plane was committed. If it was on another surface before, nothing more is seen of that one's image.</summary>
    public void FinishMove()
    {
        var left = _left;
        _left = null;
        if (left is { IsRoot: true })
            left.Surface.Commit();
        else
            left?.LeaveWindow();
    }

    /// <summary>Gives the root a backdrop of the window's size with its next commit, unless the plane is there.</summary>
    public void PaintBackdrop(Rectangle window) => Paint(_backdrop!, window);

    /// <inheritdoc cref="PaintBackdrop"/>
    /// <param name="sheet">In place of the usual one.</param>
    /// <param name="window">The window.</param>
    public void Paint(Sheet sheet, Rectangle window)
    {
        if (On.IsRoot)
            return;
        sheet.Paint(_root.Surface, window.Width, window.Height);
        _root.Place(window, new(0, 0, 1, 1), (1, 1), window);
    }

    /// <summary>Places the plane. On the root it fills the window, also if the compositor has changed that just now.</summary>
    public void Place(Placement placement, ImageShape? image)
    {
        var plane = On.IsRoot ? placement.Window : placement.Plane;
        if (IsTree && image is { } shape)
            On.Place(plane, placement.Source.Offset(shape.Shown.X, shape.Shown.Y), (shape.Width, shape.Height), placement.Window);
        On.SetOpaque(plane.Width, plane.Height);
        _root.SetOpaque(placement.Window.Width, placement.Window.Height);
    }

    /// <summary>Destroys in protocol order: subsurfaces before the root.</summary>
    public void Dispose()
    {
        _above?.Dispose();
        _root.Dispose();
        _backdrop?.Dispose();
    }
}

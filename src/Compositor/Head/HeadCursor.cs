using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>A head's cursor plane. How it is shown may change: a driver is loaded, or firmware is back after a reset.</summary>
internal sealed class HeadCursor : IDisposable
{
    private readonly WindowInput _input;
    private readonly Seats _seats;
    private readonly CursorMode _mode;
    private readonly SubsurfacePlane? _subsurface;
    private readonly PointerCursor? _pointer;
    private FloatingPlane? _chosen;

    /// <param name="setup">Of the cursor's head.</param>
    /// <param name="input">The input of the cursor's window.</param>
    /// <param name="maySend">True if the window may be visible and the compositor reads.</param>
    public HeadCursor(ScreenSetup setup, WindowInput input, Func<bool> maySend)
    {
        (_input, _seats, _mode) = (input, setup.Seats, setup.Options.Cursor);
        var hasTree = setup.Host.Globals.Subcompositor is not null;
        if (_mode is CursorMode.Auto or CursorMode.Subsurface && hasTree)
            _subsurface = new SubsurfacePlane(setup, input.Surface, PlaneKind.Cursor, maySend);
        // A guest without input cannot make its pointer follow the compositor's: only the user can choose this.
        var mayBePointer = _mode == CursorMode.Pointer || (_mode == CursorMode.Auto && input.HasInput);
        if (mayBePointer)
            _pointer = new PointerCursor(setup, input, maySend);
        _chosen = Choose();
        input.DeviceChanged += ChooseAgain;
        _seats.Changed += ChooseAgain;
    }

    /// <summary>The plane in use now; null when the cursor is not shown.</summary>
    public PlaneSurface? Plane => _chosen?.Plane;

    /// <summary>True if the cursor is the compositor's pointer image now.</summary>
    public bool IsPointer => _chosen is PointerCursor;

    /// <summary>True if a pointer is in the window, so that its image can be seen.</summary>
    public bool HasPointer => _input.HasPointer;

    /// <inheritdoc cref="FloatingPlane.IsInWindow"/>
    public bool IsInWindow => _subsurface is { IsInWindow: true };

    /// <summary>The planes of both ways to show the cursor.</summary>
    public IEnumerable<PlaneSurface> Planes =>
        new[] { _subsurface?.Plane, _pointer?.Plane }.OfType<PlaneSurface>();

    /// <summary>Moves of the subsurface without a new image.</summary>
    public long Moves => _subsurface?.Moves ?? 0;

    public void Flip(Flip flip) => _chosen?.Flip(flip);

    /// <inheritdoc cref="FloatingPlane.CatchUp"/>
    public void CatchUp() => _chosen?.CatchUp();

    /// <inheritdoc cref="FloatingPlane.SendUnsent"/>
    public void SendUnsent() => _chosen?.SendUnsent();

    /// <inheritdoc cref="FloatingPlane.Place(Placement)"/>
    public void Place(Placement placement)
    {
        _subsurface?.Place(placement);
        _pointer?.Place(placement);
    }

    public void Dispose()
    {
        _input.DeviceChanged -= ChooseAgain;
        _seats.Changed -= ChooseAgain;
        _pointer?.Dispose();
        _subsurface?.Dispose();
    }

    /// <summary>
    /// Chooses the compositor's pointer image for a guest that takes absolute positions, because its pointer is where the
    /// compositor's is; otherwise a subsurface, where the guest puts it, as also for a pen, which hides its own image. The user
    /// may force either one; if not, the one that the compositor lacks is replaced by the other. Without a seat there is no
    /// pointer.
    /// </summary>
    private FloatingPlane? Choose() => _mode switch
    {
        CursorMode.Pointer => _pointer,
        CursorMode.Auto when _pointer is not null && (_subsurface is null
            || (_input.State is { IsAbsolute: true, Pens: 0 } && _seats.All.Count > 0)) => _pointer,
        _ => _subsurface,
    };

    private void ChooseAgain()
    {
        var before = _chosen;
        _chosen = Choose();
        if (_chosen == before)
            return;
        before?.Hide();
        _chosen?.Show();
    }
}

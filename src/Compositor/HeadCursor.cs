using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A head's cursor plane, by one of two ways: where the guest's pointer is the host's, as the host's pointer image, else on a
/// subsurface where the guest says. Which it is may change while it runs: a guest's driver comes, its firmware returns.
/// </summary>
internal sealed class HeadCursor : IDisposable
{
    private readonly SubsurfacePlane? _subsurface;
    private readonly PointerCursor? _pointer;
    private readonly WindowInput _input;
    private readonly bool _follows;
    private Flip _last;
    private bool _isPointer;

    /// <param name="host">Where it is shown.</param>
    /// <param name="root">The window.</param>
    /// <param name="input">The window's.</param>
    /// <param name="hasInput">Whether the guest takes input: only then can its pointer be the host's.</param>
    /// <param name="options">The user's wish.</param>
    public HeadCursor(Host host, WlSurface root, WindowInput input, bool hasInput, ShowOptions options)
    {
        _input = input;
        var hasTree = host.Globals is { Subcompositor: not null, Viewporter: not null };
        _follows = options.Cursor == CursorMode.Auto && hasInput && host.Globals.Seat is not null;
        if (options.Cursor is CursorMode.Auto or CursorMode.Subsurface && hasTree)
            _subsurface = new SubsurfacePlane(host, root, options.Transport);
        if (_follows || (options.Cursor == CursorMode.Pointer && host.Globals.Seat is not null))
            _pointer = new PointerCursor(host, input, options.Transport);
        _isPointer = _pointer is not null && (_subsurface is null || (_follows && input.IsAbsolute));
        input.Changed += Choose;
    }

    /// <summary>By the way of now; null when it is not shown.</summary>
    public PlaneSurface? Plane => _isPointer ? _pointer!.Plane : _subsurface?.Plane;

    /// <summary>By the host's pointer image, and not on a surface where the guest says.</summary>
    public bool IsPointer => _isPointer;

    /// <summary>All ways that there are.</summary>
    public IEnumerable<PlaneSurface> Planes => new[] { _subsurface?.Plane, _pointer?.Plane }.OfType<PlaneSurface>();

    public long Moves => _subsurface?.Moves ?? 0;

    public void Flip(Flip flip, bool mayMove)
    {
        _last = flip;
        if (_isPointer)
            _pointer!.Flip(flip);
        else
            _subsurface?.Flip(flip, mayMove);
    }

    /// <summary>The primary plane lies elsewhere or is scaled otherwise. Committed with the root by the caller.</summary>
    public void Follow(Placement placement)
    {
        _subsurface?.Follow(placement);
        _pointer?.Follow();
    }

    public void Dispose()
    {
        _input.Changed -= Choose;
        _pointer?.Dispose();
        _subsurface?.Dispose();
    }

    private void Choose()
    {
        if (!_follows || _subsurface is null || _isPointer == _input.IsAbsolute)
            return;
        // First of all: a pointer without an image is a change of the input's, which leads here again.
        _isPointer = _input.IsAbsolute;
        var none = _last with { Scanout = null, Changed = true };
        if (_isPointer)
            _subsurface.Flip(none, mayMove: false);
        else
            _pointer!.Flip(none);
        if (_last.Scanout is not null)
            Flip(_last with { Changed = true }, mayMove: false);
    }
}

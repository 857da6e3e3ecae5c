using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>Who draws a window's decorations.</summary>
internal enum WindowFrame
{
    None,
    Host,
    Libdecor,
}

/// <summary>The role that makes a surface a window: our own xdg_toplevel, or libdecor's. Sizes are in logical pixels.</summary>
internal abstract class WindowRole : IDisposable
{
    /// <summary>The usual one: the name of the .desktop file and of the icon, by which compositors find them.</summary>
    public const string AppId = "guestplane";

    /// <summary>No window is larger; times the largest scale it is still a valid number of device pixels.</summary>
    private const int MostSide = 1 << 16;

    /// <summary>More sizes of ours are not on their way to the compositor and back at once.</summary>
    private const int Remembered = 8;

    private readonly Queue<(int Width, int Height)> _own = new();
    private (int Width, int Height) _free;
    private bool _wasFree = true;

    /// <summary>The smallest window that a user can still see and move.</summary>
    public static (int Width, int Height) MinSize => (160, 120);

    /// <summary>
    /// The size that the compositor requests. If it leaves the size to us: the last one that it requested while the window was
    /// free (neither full screen, maximised nor tiled). (0, 0): we choose.
    /// </summary>
    public (int Width, int Height) HostSize { get; private set; }

    /// <summary>The recommended largest size (xdg_toplevel.configure_bounds); (0, 0): unknown.</summary>
    public (int Width, int Height) Bounds { get; protected set; }

    public abstract bool IsFullscreen { get; }

    /// <summary>True if the compositor reports that the window cannot be seen (xdg_toplevel state "suspended").</summary>
    public abstract bool IsSuspended { get; }

    public abstract WindowFrame Frame { get; }

    /// <summary>A configure was acknowledged; commit the root now, because compositors wait for it (sway: 200 ms).</summary>
    public event Action? Configured;

    /// <summary>The user asks to close the window.</summary>
    public event Action? CloseRequested;

    public abstract void SetTitle(string title);

    /// <summary>Requests full screen on an output; null: the compositor chooses.</summary>
    public abstract void SetFullscreen(WlOutput? output);

    public abstract void UnsetFullscreen();

    /// <summary>Sets the content's size, without decorations. Always needed, because subsurfaces may be larger.</summary>
    public void SetSize(int width, int height)
    {
        if (HostSize == default)
        {
            _own.Enqueue((width, height));
            if (_own.Count > Remembered)
                _own.Dequeue();
        }
        ApplySize(width, height);
    }

    /// <summary>We choose the size from now on, as long as the window is free: the user has asked us for another one.</summary>
    public void ForgetSize()
    {
        _free = default;
        if (_wasFree)
            HostSize = default;
    }

    /// <summary>Requests the first configure, by a commit without a buffer (xdg-shell.xml, xdg_surface).</summary>
    public abstract void Map();

    /// <summary>Must be called before the surface is destroyed.</summary>
    public abstract void Dispose();

    protected abstract void ApplySize(int width, int height);

    /// <summary>
    /// Holds the user's size: weston leaves the size to us unless the user is resizing. A size that only repeats one of ours is
    /// nobody's wish: sway sends back what we committed, perhaps after we have committed the next one. But after full screen it
    /// is the size to return to.
    /// </summary>
    /// <param name="told">The size in the configure.</param>
    /// <param name="isFree">True if the window is neither full screen, maximised nor tiled.</param>
    /// <param name="isResizing">True while the user is resizing the window.</param>
    protected void SetHostSize((int Width, int Height) told, bool isFree, bool isResizing)
    {
        told = (Math.Min(told.Width, MostSide), Math.Min(told.Height, MostSide));
        // Some compositors have sent negative sizes (decorations larger than the window): ignore them.
        var isEcho = isFree && _wasFree && !isResizing && _free == default && _own.Contains(told);
        _wasFree = isFree;
        var isTold = told is { Width: > 0, Height: > 0 } && !isEcho;
        if (isTold && isFree)
            _free = told;
        HostSize = isTold ? told : isFree ? _free : (0, 0);
    }

    protected void OnConfigured() => Configured?.Invoke();

    protected void OnCloseRequested() => CloseRequested?.Invoke();
}

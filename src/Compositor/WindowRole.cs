using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>Who draws the frame around a window.</summary>
internal enum WindowFrame
{
    None,
    Host,
    Libdecor,
}

/// <summary>What makes a surface a window: an xdg_toplevel of ours, or one in a frame that libdecor draws. Sizes are logical pixels.</summary>
internal abstract class WindowRole : IDisposable
{
    private (int Width, int Height) _free;

    /// <summary>
    /// What the host asks for; where it leaves that to us, what it last asked for of a free window: neither full screen, maximised nor
    /// tiled. (0, 0): as we like.
    /// </summary>
    public (int Width, int Height) HostSize { get; private set; }

    /// <summary>What a window should not be larger than (xdg_toplevel.configure_bounds); (0, 0): not told.</summary>
    public (int Width, int Height) Bounds { get; protected set; }

    public abstract bool IsFullscreen { get; }

    /// <summary>Nobody can see it, by the host's word (xdg_toplevel state "suspended").</summary>
    public abstract bool IsSuspended { get; }

    public abstract WindowFrame Frame { get; }

    /// <summary>A configure was acknowledged; the root must be committed now, or hosts wait for it (sway: 200 ms).</summary>
    public event Action? Configured;

    /// <summary>The user wants it gone.</summary>
    public event Action? CloseRequested;

    public abstract void SetTitle(string title);

    /// <summary>The whole of that output; null: of the one that the host likes.</summary>
    public abstract void SetFullscreen(WlOutput? output);

    public abstract void UnsetFullscreen();

    /// <summary>The content without frame and shadow: always told, since subsurfaces may reach beyond it.</summary>
    public abstract void SetSize(int width, int height);

    /// <summary>Asks for the first configure, by a commit without a buffer (xdg-shell.xml, xdg_surface).</summary>
    public abstract void Map();

    /// <summary>Before the surface.</summary>
    public abstract void Dispose();

    /// <summary>weston leaves it to us whenever nobody is resizing: what a user has made of a window is ours to remember.</summary>
    protected void SetHostSize((int Width, int Height) told, bool isFree)
    {
        // A host has said negative sizes before (a frame larger than the window): they mean nothing.
        var isTold = told is { Width: > 0, Height: > 0 };
        if (isTold && isFree)
            _free = told;
        HostSize = isTold ? told : isFree ? _free : (0, 0);
    }

    protected void OnConfigured() => Configured?.Invoke();

    protected void OnCloseRequested() => CloseRequested?.Invoke();
}

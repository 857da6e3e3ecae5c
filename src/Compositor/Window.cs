using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// An xdg_toplevel: its root surface, and what the host and we agree of its size. The size is the host's when it says one,
/// else the content's.
/// </summary>
internal sealed class Window : IDisposable
{
    /// <summary>A message is at most 4096 bytes (libwayland, WL_MAX_MESSAGE_SIZE); a title is read to a few dozen.</summary>
    private const int MaxTitle = 256;

    private readonly XdgSurface _xdgSurface;
    private readonly XdgToplevel _toplevel;
    private (int Width, int Height) _scheduled;
    private bool _suspendedScheduled;

    public Window(Globals globals, string title)
    {
        Root = globals.Compositor.CreateSurface();
        _xdgSurface = globals.WmBase.GetXdgSurface(Root);
        _toplevel = _xdgSurface.GetToplevel();
        _toplevel.Configure += (_, e) =>
        {
            _scheduled = (e.Width, e.Height);
            _suspendedScheduled = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(e.States).Contains((uint)XdgToplevelState.Suspended);
        };
        _xdgSurface.Configure += (_, e) => Apply(e.Serial);
        _toplevel.Close += (_, _) => CloseRequested?.Invoke();
        _toplevel.SetAppId("guestplane");
        SetTitle(title);
    }

    /// <summary>Asks for the first configure, by a commit without a buffer (xdg-shell.xml, xdg_surface).</summary>
    public void Map() => Root.Commit();

    /// <summary>The whole of that output; null: of the one that the host likes.</summary>
    public void Fullscreen(WlOutput? output) => _toplevel.SetFullscreen(output);

    public WlSurface Root { get; }

    /// <summary>The host has answered, and a buffer may be attached.</summary>
    public bool IsConfigured { get; private set; }

    /// <summary>Nobody can see it, by the host's word (xdg_toplevel state "suspended").</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>What the host asks for, in logical pixels; (0, 0): as we like.</summary>
    public (int Width, int Height) HostSize { get; private set; }

    /// <summary>A configure was acknowledged; the root must be committed now, or hosts wait for it (sway: 200 ms).</summary>
    public event Action? Configured;

    /// <summary>The user wants it gone.</summary>
    public event Action? CloseRequested;

    public void SetTitle(string title) => _toplevel.SetTitle(title.Length <= MaxTitle ? title : title[..MaxTitle]);

    /// <summary>The window without shadows and such: always told, since subsurfaces may reach beyond it.</summary>
    public void SetGeometry(int width, int height) => _xdgSurface.SetWindowGeometry(0, 0, width, height);

    /// <summary>The role goes before the surface.</summary>
    public void Dispose()
    {
        _toplevel.Dispose();
        _xdgSurface.Dispose();
        Root.Dispose();
    }

    private void Apply(uint serial)
    {
        // A host has said negative sizes before (a frame larger than the window): they mean nothing.
        HostSize = _scheduled is { Width: > 0, Height: > 0 } ? _scheduled : (0, 0);
        IsSuspended = _suspendedScheduled;
        IsConfigured = true;
        _xdgSurface.AckConfigure(serial);
        Configured?.Invoke();
    }
}

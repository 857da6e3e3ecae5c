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

    /// <summary>Also the name of the .desktop file and of the icon, by which hosts find both.</summary>
    private const string AppId = "guestplane";

    /// <summary>xdg-activation-v1.xml.</summary>
    private const string ActivationToken = "XDG_ACTIVATION_TOKEN";

    /// <summary>In logical pixels: what can still be seen, and moved.</summary>
    private static readonly (int Width, int Height) s_minSize = (160, 120);

    private readonly XdgSurface _xdgSurface;
    private readonly XdgToplevel _toplevel;
    private readonly ZxdgToplevelDecorationV1? _decoration;
    private readonly Globals _globals;
    private (int Width, int Height) _scheduled;
    private bool _suspendedScheduled, _fullscreenScheduled, _isFullscreen;

    /// <param name="globals">The host's.</param>
    /// <param name="title">Of its frame, if it has one.</param>
    /// <param name="isDecorated">Whether the host shall draw a frame, where it can.</param>
    public Window(Globals globals, string title, bool isDecorated = true)
    {
        _globals = globals;
        Root = globals.Compositor.CreateSurface();
        _xdgSurface = globals.WmBase.GetXdgSurface(Root);
        _toplevel = _xdgSurface.GetToplevel();
        _toplevel.Configure += (_, e) =>
        {
            _scheduled = (e.Width, e.Height);
            var states = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(e.States);
            _suspendedScheduled = states.Contains((uint)XdgToplevelState.Suspended);
            _fullscreenScheduled = states.Contains((uint)XdgToplevelState.Fullscreen);
        };
        _xdgSurface.Configure += (_, e) => Apply(e.Serial);
        _toplevel.Close += (_, _) => CloseRequested?.Invoke();
        _toplevel.SetAppId(AppId);
        _toplevel.SetMinSize(s_minSize.Width, s_minSize.Height);
        SetTitle(title);
        SetIcon();
        _decoration = globals.Decoration?.GetToplevelDecoration(_toplevel);
        _decoration?.SetMode(isDecorated ? ZxdgToplevelDecorationV1Mode.ServerSide : ZxdgToplevelDecorationV1Mode.ClientSide);
    }

    /// <summary>Asks for the first configure, by a commit without a buffer (xdg-shell.xml, xdg_surface).</summary>
    public void Map()
    {
        // Whoever started us may have a token that lets our first window have the focus; it is good for one.
        if (Environment.GetEnvironmentVariable(ActivationToken) is { Length: > 0 } token)
            _globals.Activation?.Activate(token, Root);
        Environment.SetEnvironmentVariable(ActivationToken, null);
        Root.Commit();
    }

    /// <summary>The whole of the output that it is on, or no longer.</summary>
    public void ToggleFullscreen()
    {
        if (_isFullscreen)
            _toplevel.UnsetFullscreen();
        else
            _toplevel.SetFullscreen(null);
    }

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
        _decoration?.Dispose();
        _toplevel.Dispose();
        _xdgSurface.Dispose();
        Root.Dispose();
    }

    private void SetIcon()
    {
        if (_globals.ToplevelIcon is not { } manager)
            return;
        using var icon = manager.CreateIcon();
        icon.SetName(AppId);
        manager.SetIcon(_toplevel, icon);
    }

    private void Apply(uint serial)
    {
        // A host has said negative sizes before (a frame larger than the window): they mean nothing.
        HostSize = _scheduled is { Width: > 0, Height: > 0 } ? _scheduled : (0, 0);
        (IsSuspended, _isFullscreen) = (_suspendedScheduled, _fullscreenScheduled);
        IsConfigured = true;
        _xdgSurface.AckConfigure(serial);
        Configured?.Invoke();
    }
}

using System.Runtime.InteropServices;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>An xdg_toplevel of ours, in the host's frame or in none.</summary>
internal sealed class ToplevelRole : WindowRole
{
    /// <summary>States in which the size is not the user's.</summary>
    private static readonly uint[] s_bound =
    [
        (uint)XdgToplevelState.Fullscreen, (uint)XdgToplevelState.Maximized, (uint)XdgToplevelState.TiledLeft,
        (uint)XdgToplevelState.TiledRight, (uint)XdgToplevelState.TiledTop, (uint)XdgToplevelState.TiledBottom,
    ];

    private readonly WlSurface _root;
    private readonly XdgSurface _xdgSurface;
    private readonly XdgToplevel _toplevel;
    private readonly ZxdgToplevelDecorationV1? _decoration;
    private (int Width, int Height) _scheduled;
    private bool _suspendedScheduled, _fullscreenScheduled, _freeScheduled, _isFullscreen, _isSuspended, _isDecorated;

    public ToplevelRole(Globals globals, WlSurface root, bool isDecorated)
    {
        _root = root;
        _xdgSurface = globals.WmBase.GetXdgSurface(root);
        _toplevel = _xdgSurface.GetToplevel();
        _toplevel.Configure += (_, e) =>
        {
            _scheduled = (e.Width, e.Height);
            var states = MemoryMarshal.Cast<byte, uint>(e.States);
            _suspendedScheduled = states.Contains((uint)XdgToplevelState.Suspended);
            _fullscreenScheduled = states.Contains((uint)XdgToplevelState.Fullscreen);
            _freeScheduled = !states.ContainsAny(s_bound);
        };
        _toplevel.ConfigureBounds += (_, e) => Bounds = (e.Width, e.Height);
        _xdgSurface.Configure += (_, e) => Apply(e.Serial);
        _toplevel.Close += (_, _) => OnCloseRequested();
        _toplevel.SetAppId(Window.AppId);
        _toplevel.SetMinSize(Window.MinSize.Width, Window.MinSize.Height);
        SetIcon(globals.ToplevelIcon);
        _decoration = globals.Decoration?.GetToplevelDecoration(_toplevel);
        if (_decoration is null)
            return;
        _decoration.Configure += (_, e) => _isDecorated = e.Mode == ZxdgToplevelDecorationV1Mode.ServerSide;
        _decoration.SetMode(isDecorated ? ZxdgToplevelDecorationV1Mode.ServerSide : ZxdgToplevelDecorationV1Mode.ClientSide);
    }

    public override bool IsFullscreen => _isFullscreen;

    public override bool IsSuspended => _isSuspended;

    public override WindowFrame Frame => _isDecorated ? WindowFrame.Host : WindowFrame.None;

    public override void SetTitle(string title) => _toplevel.SetTitle(title);

    public override void SetFullscreen(WlOutput? output) => _toplevel.SetFullscreen(output);

    public override void UnsetFullscreen() => _toplevel.UnsetFullscreen();

    public override void SetSize(int width, int height) => _xdgSurface.SetWindowGeometry(0, 0, width, height);

    public override void Map() => _root.Commit();

    public override void Dispose()
    {
        _decoration?.Dispose();
        _toplevel.Dispose();
        _xdgSurface.Dispose();
    }

    private void SetIcon(XdgToplevelIconManagerV1? manager)
    {
        if (manager is null)
            return;
        using var icon = manager.CreateIcon();
        icon.SetName(Window.AppId);
        manager.SetIcon(_toplevel, icon);
    }

    private void Apply(uint serial)
    {
        SetHostSize(_scheduled, _freeScheduled);
        (_isSuspended, _isFullscreen) = (_suspendedScheduled, _fullscreenScheduled);
        _xdgSurface.AckConfigure(serial);
        OnConfigured();
    }
}

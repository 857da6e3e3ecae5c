using System.Runtime.InteropServices;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>Our own xdg_toplevel, with the compositor's decorations or none.</summary>
internal sealed class ToplevelRole : WindowRole
{
    /// <summary>States in which the user did not choose the size.</summary>
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
    private bool _suspendedScheduled, _fullscreenScheduled, _freeScheduled, _resizingScheduled;
    private bool _isFullscreen, _isSuspended, _isDecorated;

    public ToplevelRole(Globals globals, WlSurface root, bool isDecorated, string appId)
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
            _resizingScheduled = states.Contains((uint)XdgToplevelState.Resizing);
        };
        _toplevel.ConfigureBounds += (_, e) => Bounds = (e.Width, e.Height);
        _xdgSurface.Configure += (_, e) => Apply(e.Serial);
        _toplevel.Close += (_, _) => OnCloseRequested();
        _toplevel.SetAppId(appId);
        _toplevel.SetMinSize(MinSize.Width, MinSize.Height);
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

    protected override void ApplySize(int width, int height) => _xdgSurface.SetWindowGeometry(0, 0, width, height);

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
        icon.SetName(AppId);
        manager.SetIcon(_toplevel, icon);
    }

    private void Apply(uint serial)
    {
        SetHostSize(_scheduled, _freeScheduled, _resizingScheduled);
        (_isSuspended, _isFullscreen) = (_suspendedScheduled, _fullscreenScheduled);
        _xdgSurface.AckConfigure(serial);
        OnConfigured();
    }
}

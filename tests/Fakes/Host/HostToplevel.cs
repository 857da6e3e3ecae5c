namespace Guestplane.Tests.Fakes;

internal sealed class HostToplevel(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public const string RoleName = "xdg_toplevel";
    private const uint InvalidResizeEdge = 0;
    private const uint InvalidParent = 1;
    private const uint InvalidSize = 2;
    private const uint Maximized = 1;
    private const uint Fullscreen = 2;
    private const uint Activated = 4;
    private const uint Suspended = 9;
    private const uint CapabilityFullscreen = 3;

    private HostXdgSurface? _surface;
    private HostToplevel? _parent;
    private (int Width, int Height) _min;
    private (int Width, int Height) _max;
    private (int Width, int Height)? _size;
    private bool _isMaximized;
    private bool _isToldCapabilities;

    public string? Title { get; private set; }

    public string? AppId { get; private set; }

    public bool IsFullscreen { get; private set; }

    public bool IsSuspended { get; set; }

    public bool IsHidden { get; set; }

    public void Start(HostXdgSurface surface) => _surface = surface;

    /// <summary>A size that the compositor chooses, as if the user resized the window.</summary>
    public void Configure(int width, int height, bool fullscreen)
    {
        _size = (width, height);
        IsFullscreen = fullscreen;
        ConfigureLater();
    }

    public void Close() => Send("close");

    public void ConfigureLater()
    {
        if (_surface!.IsConfigured)
            _surface.Configure();
    }

    public void SendConfigure()
    {
        var output = (Host.Setup.Width, Host.Setup.Height);
        if (!_isToldCapabilities && Version >= 4)
            Send("configure_bounds", output.Width, output.Height);
        if (!_isToldCapabilities && Version >= 5)
            Send("wm_capabilities", BitConverter.GetBytes(CapabilityFullscreen));
        _isToldCapabilities = true;
        var (width, height) = _size ?? (IsFullscreen || _isMaximized ? output : Host.Setup.ConfigureSize);
        Send("configure", width, height, States().SelectMany(BitConverter.GetBytes).ToArray());
    }

    /// <summary>The size limits take effect with the commit.</summary>
    public void Committing()
    {
        if ((_max.Width > 0 && _min.Width > _max.Width) || (_max.Height > 0 && _min.Height > _max.Height))
            throw Fault(InvalidSize, $"minimum {_min} is larger than maximum {_max}");
    }

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "set_title": Title = request.Text("title"); break;
            case "set_app_id": AppId = request.Text("app_id"); break;
            case "set_parent": SetParent(request.Nullable<HostToplevel>("parent")); break;
            case "set_min_size": _min = Limit(request); break;
            case "set_max_size": _max = Limit(request); break;
            case "set_fullscreen" when Host.Setup.IgnoresEarlyFullscreen && !_surface!.IsConfigured: break;
            case "set_fullscreen": SetState(isFullscreen: true, _isMaximized); break;
            case "unset_fullscreen": SetState(isFullscreen: false, _isMaximized); break;
            case "set_maximized": SetState(IsFullscreen, isMaximized: true); break;
            case "unset_maximized": SetState(IsFullscreen, isMaximized: false); break;
            case "resize" when request.UInt("edges") is 3 or 7 or > 10:
                throw Fault(InvalidResizeEdge, $"edges {request.UInt("edges")}");
        }
    }

    protected override void Freed() => _surface?.ToplevelGone();

    private IEnumerable<uint> States()
    {
        if (_isMaximized)
            yield return Maximized;
        if (IsFullscreen)
            yield return Fullscreen;
        yield return Activated;
        if (IsSuspended && Version >= 6)
            yield return Suspended;
    }

    private void SetParent(HostToplevel? parent)
    {
        for (var above = parent; above is not null; above = above._parent)
            if (above == this)
                throw Fault(InvalidParent, "a window cannot be its own ancestor");
        _parent = parent;
    }

    private (int Width, int Height) Limit(Request request)
    {
        var (width, height) = (request.Int("width"), request.Int("height"));
        return width >= 0 && height >= 0 ? (width, height) : throw Fault(InvalidSize, $"{request.Name} {width}x{height}");
    }

    private void SetState(bool isFullscreen, bool isMaximized)
    {
        (IsFullscreen, _isMaximized, _size) = (isFullscreen, isMaximized, null);
        ConfigureLater();
    }
}

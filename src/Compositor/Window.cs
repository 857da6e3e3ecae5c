using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A window: its root surface, and what the host and we agree of its size. The size is the host's when it says one, else
/// the content's.
/// </summary>
internal sealed class Window : IDisposable
{
    /// <summary>Also the name of the .desktop file and of the icon, by which hosts find both.</summary>
    public const string AppId = "guestplane";

    /// <summary>A message is at most 4096 bytes (libwayland, WL_MAX_MESSAGE_SIZE); a title is read to a few dozen.</summary>
    private const int MaxTitle = 256;

    /// <summary>xdg-activation-v1.xml.</summary>
    private const string ActivationToken = "XDG_ACTIVATION_TOKEN";

    private readonly Globals _globals;
    private readonly WindowRole _role;

    /// <param name="host">Whose desktop it is on.</param>
    /// <param name="title">Of its frame, if it has one.</param>
    /// <param name="isDecorated">Whether it shall have a frame: the host's, else libdecor's where that is open.</param>
    public Window(Host host, string title, bool isDecorated = true)
    {
        _globals = host.Globals;
        Root = _globals.Compositor.CreateSurface();
        _role = isDecorated && host.Libdecor?.Decorate(Root) is { } frame ? new FramedRole(frame, Root) : new ToplevelRole(_globals, Root, isDecorated);
        _role.Configured += () =>
        {
            IsConfigured = true;
            Configured?.Invoke();
        };
        SetTitle(title);
    }

    /// <summary>In logical pixels: what can still be seen, and moved.</summary>
    public static (int Width, int Height) MinSize => (160, 120);

    public WlSurface Root { get; }

    /// <summary>The host has answered, and a buffer may be attached.</summary>
    public bool IsConfigured { get; private set; }

    /// <summary>Nobody can see it, by the host's word.</summary>
    public bool IsSuspended => _role.IsSuspended;

    /// <summary>What the host asks for, in logical pixels; (0, 0): as we like.</summary>
    public (int Width, int Height) HostSize => _role.HostSize;

    /// <summary>
    /// What a window of our own choice should not be larger than, in logical pixels: by the host's word, else all of its largest output;
    /// (0, 0): unknown.
    /// </summary>
    public (int Width, int Height) Bounds => _role.Bounds is { Width: > 0, Height: > 0 } told ? told
        : _globals.Outputs.Select(output => (output.Mode.Width / output.Scale, output.Mode.Height / output.Scale)).DefaultIfEmpty().Max();

    /// <summary>Who draws its frame.</summary>
    public WindowFrame Frame => _role.Frame;

    /// <inheritdoc cref="WindowRole.Configured"/>
    public event Action? Configured;

    /// <inheritdoc cref="WindowRole.CloseRequested"/>
    public event Action? CloseRequested
    {
        add => _role.CloseRequested += value;
        remove => _role.CloseRequested -= value;
    }

    /// <inheritdoc cref="WindowRole.Map"/>
    public void Map()
    {
        // Whoever started us may have a token that lets our first window have the focus; it is good for one.
        if (Environment.GetEnvironmentVariable(ActivationToken) is { Length: > 0 } token)
            _globals.Activation?.Activate(token, Root);
        Environment.SetEnvironmentVariable(ActivationToken, null);
        _role.Map();
    }

    /// <summary>
    /// Asks for the user's eye: with a token that no input of the user's stands behind, hosts mark the window, and do not raise it
    /// (xdg-activation-v1.xml).
    /// </summary>
    public void Attend()
    {
        if (_globals.Activation is not { } activation)
            return;
        var token = activation.GetActivationToken();
        token.Done += (_, e) =>
        {
            if (Root.IsAlive)
                activation.Activate(e.Token, Root);
            token.Dispose();
        };
        token.SetAppId(AppId);
        token.SetSurface(Root);
        token.Commit();
    }

    /// <summary>The whole of the output that it is on, or no longer.</summary>
    public void ToggleFullscreen()
    {
        if (_role.IsFullscreen)
            _role.UnsetFullscreen();
        else
            _role.SetFullscreen(null);
    }

    /// <inheritdoc cref="WindowRole.SetFullscreen"/>
    public void Fullscreen(WlOutput? output) => _role.SetFullscreen(output);

    public void SetTitle(string title) => _role.SetTitle(title.Length <= MaxTitle ? title : title[..MaxTitle]);

    /// <inheritdoc cref="WindowRole.SetSize"/>
    public void SetSize(int width, int height) => _role.SetSize(width, height);

    /// <summary>The role goes before the surface.</summary>
    public void Dispose()
    {
        _role.Dispose();
        Root.Dispose();
    }
}

using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A window: its root surface and role. The compositor's size has precedence over the content's.</summary>
internal sealed class Window : IDisposable
{
    /// <summary>A Wayland message has at most 4096 bytes (WL_MAX_MESSAGE_SIZE).</summary>
    private const int MaxTitle = 256;

    /// <summary>The environment variable for a token of the launcher (xdg-activation-v1.xml).</summary>
    private const string ActivationToken = "XDG_ACTIVATION_TOKEN";

    private readonly Globals _globals;
    private readonly string _appId;
    private readonly WindowRole _role;

    /// <param name="host">The compositor.</param>
    /// <param name="title">The title in the decorations.</param>
    /// <param name="isDecorated">True for decorations: by libdecor if it is open, otherwise by the compositor.</param>
    /// <param name="appId">By which the compositor knows it (xdg_toplevel.set_app_id).</param>
    public Window(Host host, string title, bool isDecorated = true, string appId = WindowRole.AppId)
    {
        (_globals, _appId) = (host.Globals, appId);
        Root = _globals.Compositor.CreateSurface();
        _role = isDecorated && host.Libdecor?.Decorate(Root) is { } frame
            ? new FramedRole(frame, Root, appId)
            : new ToplevelRole(_globals, Root, isDecorated, appId);
        _role.Configured += () =>
        {
            IsConfigured = true;
            Configured?.Invoke();
            AwaitsFullscreen &= !IsFullscreen;
        };
        SetTitle(title);
    }

    public WlSurface Root { get; }

    /// <summary>True after the first configure: a buffer may be attached.</summary>
    public bool IsConfigured { get; private set; }

    /// <inheritdoc cref="WindowRole.IsSuspended"/>
    public bool IsSuspended => _role.IsSuspended;

    /// <inheritdoc cref="WindowRole.HostSize"/>
    public (int Width, int Height) HostSize => _role.HostSize;

    /// <summary>
    /// The largest size, in logical pixels, that we should choose for the window: the compositor's bounds, otherwise its largest
    /// output; (0, 0): unknown.
    /// </summary>
    public (int Width, int Height) Bounds => _role.Bounds is { Width: > 0, Height: > 0 } told ? told
        : _globals.Outputs.Select(output => output.LogicalSize).Where(size => size is { Width: > 0, Height: > 0 })
            .DefaultIfEmpty().Max();

    public WindowFrame Frame => _role.Frame;

    public bool IsFullscreen => _role.IsFullscreen;

    /// <summary>
    /// True if the program has requested full screen, and not the user. Compositors may configure the window before they grant
    /// it: sway grants it when the window has an image. Still true while the configure event that grants it is handled.
    /// </summary>
    public bool AwaitsFullscreen { get; private set; }

    /// <summary>
    /// True if the compositor made the window full screen, or as large as an output: phoc 0.58 does not report the state if it
    /// was requested before the first commit.
    /// </summary>
    public bool FillsOutput
    {
        get
        {
            if (IsFullscreen || HostSize.Width <= 0)
                return IsFullscreen;
            // Asked for each flip: a lambda would allocate.
            foreach (var output in _globals.Outputs)
                if (output.LogicalSize == HostSize)
                    return true;
            return false;
        }
    }

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
        // The launcher's token lets our first window have the focus.
        if (TakeToken() is { Length: > 0 } token)
            _globals.Activation?.Activate(token, Root);
        _role.Map();
    }

    /// <summary>The launcher's token; empty for none. A token is valid once.</summary>
    public static string TakeToken()
    {
        var token = Environment.GetEnvironmentVariable(ActivationToken) ?? "";
        Environment.SetEnvironmentVariable(ActivationToken, null);
        return token;
    }

    /// <summary>Asks the compositor to raise the window, by a launcher's token. Without one it may only mark it.</summary>
    public void Raise(string token)
    {
        if (token.Length == 0)
            Attend();
        else
            _globals.Activation?.Activate(token, Root);
    }

    /// <summary>Gets a token by which the program's next window may have the focus in place of this one.</summary>
    /// <param name="serial">The user's key or click that wanted that.</param>
    /// <param name="seat">Its seat.</param>
    /// <param name="done">Called when the token is there.</param>
    /// <returns>False if the compositor has no such tokens.</returns>
    public bool PassFocus(uint serial, WlSeat seat, Action done)
    {
        if (_globals.Activation is not { } activation)
            return false;
        var token = activation.GetActivationToken();
        token.Done += (_, e) =>
        {
            Environment.SetEnvironmentVariable(ActivationToken, e.Token);
            token.Dispose();
            done();
        };
        token.SetAppId(_appId);
        token.SetSerial(serial, seat);
        token.SetSurface(Root);
        token.Commit();
        return true;
    }

    /// <summary>
    /// Requests attention. The activation token is not backed by user input, so compositors mark the window as urgent instead
    /// of raising it (xdg-activation-v1.xml).
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
        token.SetAppId(_appId);
        token.SetSurface(Root);
        token.Commit();
    }

    /// <summary>The user's wish.</summary>
    public void ToggleFullscreen()
    {
        AwaitsFullscreen = false;
        if (_role.IsFullscreen)
            _role.UnsetFullscreen();
        else
            _role.SetFullscreen(null);
    }

    /// <inheritdoc cref="WindowRole.ForgetSize"/>
    public void ForgetSize() => _role.ForgetSize();

    /// <inheritdoc cref="WindowRole.SetFullscreen"/>
    public void Fullscreen(WlOutput? output)
    {
        AwaitsFullscreen = true;
        _role.SetFullscreen(output);
    }

    public void SetTitle(string title) => _role.SetTitle(title.Length <= MaxTitle ? title : title[..MaxTitle]);

    /// <inheritdoc cref="WindowRole.SetSize"/>
    public void SetSize(int width, int height) => _role.SetSize(width, height);

    public void Dispose()
    {
        _role.Dispose();
        Root.Dispose();
    }
}

using System.Runtime.InteropServices;

namespace Guestplane.Wayland;

/// <summary>A window in a frame of <see cref="Libdecor"/>'s, which has the xdg_toplevel. Sizes are the content's, in logical pixels.</summary>
public sealed unsafe partial class LibdecorFrame : IDisposable
{
    // enum libdecor_window_state; 0.1 does not know of "suspended".
    private const uint Maximized = 1 << 1, Fullscreen = 1 << 2, Tiled = 15 << 3, Suspended = 1 << 7;

    private readonly GCHandle _self;
    private nint _handle, _configuration;
    private bool _isCommitted;

    internal LibdecorFrame(WlDisplay display)
    {
        Display = display;
        _self = GCHandle.Alloc(this);
    }

    /// <summary>What the host asks for; (0, 0): as we like.</summary>
    public (int Width, int Height) HostSize { get; private set; }

    public bool IsFullscreen { get; private set; }

    /// <summary>Neither full screen, maximised nor tiled.</summary>
    public bool IsFree { get; private set; } = true;

    /// <summary>Nobody can see it, by the host's word.</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>The host has said how the window shall be: <see cref="Commit"/> takes it.</summary>
    public event Action? Configured;

    /// <summary>The user wants it gone.</summary>
    public event Action? Closed;

    /// <summary>The frame has been drawn anew, and is seen with the surface's next commit.</summary>
    public event Action? CommitWanted;

    internal WlDisplay Display { get; }

    internal nint Self => GCHandle.ToIntPtr(_self);

    /// <summary>It was made, and libdecor had what it needs of the host: without an xdg_toplevel its calls would crash.</summary>
    internal bool IsToplevel => _handle != 0 && libdecor_frame_get_xdg_toplevel(_handle) != 0;

    public void SetTitle(string title)
    {
        using var utf8 = new Utf8Argument(title, stackalloc byte[Utf8Argument.StackBytes]);
        libdecor_frame_set_title(_handle, utf8.Pointer);
    }

    public void SetAppId(string id)
    {
        using var utf8 = new Utf8Argument(id, stackalloc byte[Utf8Argument.StackBytes]);
        libdecor_frame_set_app_id(_handle, utf8.Pointer);
    }

    public void SetMinSize(int width, int height) => libdecor_frame_set_min_content_size(_handle, width, height);

    /// <summary>Asks for the first <see cref="Configured"/>.</summary>
    public void Map() => libdecor_frame_map(_handle);

    public void SetFullscreen(WlOutput? output) => libdecor_frame_set_fullscreen(_handle, output?.Handle ?? 0);

    public void UnsetFullscreen() => libdecor_frame_unset_fullscreen(_handle);

    /// <summary>The content's size, and within <see cref="Configured"/> that we have heard; seen with the surface's next commit.</summary>
    public void Commit(int width, int height)
    {
        var state = libdecor_state_new(width, height);
        libdecor_frame_commit(_handle, state, _configuration);
        libdecor_state_free(state);
        _configuration = 0;
        _isCommitted = true;
    }

    /// <summary>Before its surface.</summary>
    public void Dispose()
    {
        if (_handle != 0)
            libdecor_frame_unref(_handle);
        _handle = 0;
        _self.Free();
    }

    internal void Attach(nint handle) => _handle = handle;

    internal void Configure(nint configuration)
    {
        uint states;
        var wasFullscreen = IsFullscreen;
        HostSize = ContentSize(configuration);
        if (libdecor_configuration_get_window_state(configuration, &states) != 0)
            (IsFullscreen, IsSuspended, IsFree) = ((states & Fullscreen) != 0, (states & Suspended) != 0, (states & (Fullscreen | Maximized | Tiled)) == 0);
        _configuration = configuration;
        // 0.2 leaves room for the borders that the frame has, and a frame that still is full screen has none: so it hears of the
        // new state, and then is asked again; as one that has none yet.
        if ((wasFullscreen || !_isCommitted) && !IsFullscreen && HostSize.Width > 0)
        {
            Commit(HostSize.Width, HostSize.Height);
            HostSize = ContentSize(configuration);
        }
        Configured?.Invoke();
        _configuration = 0;
    }

    internal void Close() => Closed?.Invoke();

    internal void WantCommit() => CommitWanted?.Invoke();

    private (int Width, int Height) ContentSize(nint configuration)
    {
        int width, height;
        return libdecor_configuration_get_content_size(configuration, _handle, &width, &height) != 0 ? (width, height) : (0, 0);
    }

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_frame_unref(nint frame);

    [LibraryImport(Libdecor.File)]
    private static partial nint libdecor_frame_get_xdg_toplevel(nint frame);

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_frame_set_title(nint frame, nint title);

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_frame_set_app_id(nint frame, nint id);

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_frame_set_min_content_size(nint frame, int width, int height);

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_frame_map(nint frame);

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_frame_set_fullscreen(nint frame, nint output);

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_frame_unset_fullscreen(nint frame);

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_frame_commit(nint frame, nint state, nint configuration);

    [LibraryImport(Libdecor.File)]
    private static partial nint libdecor_state_new(int width, int height);

    [LibraryImport(Libdecor.File)]
    private static partial void libdecor_state_free(nint state);

    // C's bool is a byte.
    [LibraryImport(Libdecor.File)]
    private static partial byte libdecor_configuration_get_content_size(nint configuration, nint frame, int* width, int* height);

    [LibraryImport(Libdecor.File)]
    private static partial byte libdecor_configuration_get_window_state(nint configuration, uint* states);
}

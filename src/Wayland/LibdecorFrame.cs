using System.Runtime.InteropServices;

namespace Guestplane.Wayland;

/// <summary>A window with decorations by <see cref="Libdecor"/>, which owns the xdg_toplevel. Sizes: content, logical.</summary>
public sealed unsafe partial class LibdecorFrame : IDisposable
{
    // enum libdecor_window_state; 0.1 has no "suspended".
    private const uint Maximized = 1 << 1, Fullscreen = 1 << 2, Tiled = 15 << 3, Suspended = 1 << 7;

    private GCHandle _self;
    private nint _handle, _configuration;
    private bool _isCommitted;

    internal LibdecorFrame(WlDisplay display)
    {
        Display = display;
        _self = GCHandle.Alloc(this);
    }

    /// <summary>The size that the compositor requests; (0, 0) leaves it to us.</summary>
    public (int Width, int Height) HostSize { get; private set; }

    public bool IsFullscreen { get; private set; }

    /// <summary>True if neither full screen, maximised nor tiled.</summary>
    public bool IsFree { get; private set; } = true;

    /// <summary>True if the compositor reports that the window cannot be seen.</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>The compositor has sent a configure; <see cref="Commit"/> acknowledges it.</summary>
    public event Action? Configured;

    /// <summary>The user wants to close the window.</summary>
    public event Action? Closed;

    /// <summary>The decorations were redrawn; the surface's next commit shows them.</summary>
    public event Action? CommitWanted;

    internal WlDisplay Display { get; }

    internal nint Self => GCHandle.ToIntPtr(_self);

    /// <summary>True if libdecor created the xdg_toplevel. Without one its functions crash.</summary>
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

    /// <summary>Requests the first <see cref="Configured"/>.</summary>
    public void Map() => libdecor_frame_map(_handle);

    public void SetFullscreen(WlOutput? output) => libdecor_frame_set_fullscreen(_handle, output?.Handle ?? 0);

    public void UnsetFullscreen() => libdecor_frame_unset_fullscreen(_handle);

    /// <summary>
    /// Sets the content's size, from the surface's next commit on. In <see cref="Configured"/> it also acknowledges the
    /// configure.
    /// </summary>
    public void Commit(int width, int height)
    {
        var state = libdecor_state_new(width, height);
        libdecor_frame_commit(_handle, state, _configuration);
        libdecor_state_free(state);
        _configuration = 0;
        _isCommitted = true;
    }

    /// <summary>To be called before the surface is destroyed. A second call does nothing.</summary>
    public void Dispose()
    {
        if (_handle != 0)
            libdecor_frame_unref(_handle);
        _handle = 0;
        if (_self.IsAllocated)
            _self.Free();
    }

    internal void Attach(nint handle) => _handle = handle;

    internal void Configure(nint configuration)
    {
        uint states;
        var wasFullscreen = IsFullscreen;
        HostSize = ContentSize(configuration);
        if (libdecor_configuration_get_window_state(configuration, &states) != 0)
        {
            (IsFullscreen, IsSuspended) = ((states & Fullscreen) != 0, (states & Suspended) != 0);
            IsFree = (states & (Fullscreen | Maximized | Tiled)) == 0;
        }
        _configuration = configuration;
        // libdecor 0.2 subtracts the present borders. A frame that was full screen or is new has none: commit the new state
        // first, then query the content's size again.
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

using System.Runtime.InteropServices;

namespace Guestplane.Wayland;

/// <summary>The functions of libwayland-client (wayland-client-core.h) that we use; all exist in 1.21.</summary>
internal static unsafe partial class Libwayland
{
    private const string Library = "libwayland-client.so.0";

    /// <summary>WL_MARSHAL_FLAG_DESTROY: the request also destroys the proxy.</summary>
    public const uint Destroy = 1;

    [LibraryImport(Library)]
    public static partial nint wl_display_connect(byte* name);

    [LibraryImport(Library)]
    public static partial nint wl_display_connect_to_fd(int fd);

    [LibraryImport(Library)]
    public static partial void wl_display_disconnect(nint display);

    [LibraryImport(Library)]
    public static partial int wl_display_get_fd(nint display);

    [LibraryImport(Library)]
    public static partial int wl_display_dispatch_pending(nint display);

    [LibraryImport(Library)]
    public static partial int wl_display_prepare_read(nint display);

    [LibraryImport(Library)]
    public static partial void wl_display_cancel_read(nint display);

    [LibraryImport(Library)]
    public static partial int wl_display_read_events(nint display);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int wl_display_flush(nint display);

    [LibraryImport(Library)]
    public static partial int wl_display_get_error(nint display);

    [LibraryImport(Library)]
    public static partial uint wl_display_get_protocol_error(nint display, NativeInterface** source, uint* id);

    [LibraryImport(Library)]
    public static partial nint wl_proxy_marshal_array_flags(
        nint proxy, uint opcode, nint made, uint version, uint flags, WlArgument* args);

    [LibraryImport(Library)]
    public static partial int wl_proxy_add_dispatcher(
        nint proxy, delegate* unmanaged[Cdecl]<void*, void*, uint, NativeMessage*, WlArgument*, int> dispatcher,
        void* implementation, void* data);

    [LibraryImport(Library)]
    public static partial void wl_proxy_destroy(nint proxy);

    [LibraryImport(Library)]
    public static partial uint wl_proxy_get_id(nint proxy);

    [LibraryImport(Library)]
    public static partial uint wl_proxy_get_version(nint proxy);

    [LibraryImport(Library)]
    public static partial void* wl_proxy_get_user_data(nint proxy);

    [LibraryImport(Library)]
    public static partial void* wl_proxy_get_listener(nint proxy);

    [LibraryImport(Library)]
    public static partial void wl_log_set_handler_client(delegate* unmanaged[Cdecl]<byte*, nint, void> handler);

    // A va_list is passed by address on the ABIs that we run on (System V x86-64, AAPCS64).
    [LibraryImport("libc")]
    public static partial int vsnprintf(byte* buffer, nuint size, byte* format, nint arguments);
}

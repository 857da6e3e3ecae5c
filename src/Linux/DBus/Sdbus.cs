using System.Runtime.InteropServices;

namespace Guestplane.Linux.DBus;

/// <summary>The functions of libsystemd's sd-bus (sd-bus.h) that take no variable arguments. Loaded at the first call.</summary>
internal static unsafe partial class Sdbus
{
    public const string Library = "libsystemd.so.0";

    [LibraryImport(Library)]
    public static partial int sd_bus_new(nint* bus);

    [LibraryImport(Library)]
    public static partial int sd_bus_open_user(nint* bus);

    [LibraryImport(Library)]
    public static partial int sd_bus_open_system(nint* bus);

    [LibraryImport(Library)]
    public static partial int sd_bus_set_address(nint bus, byte* address);

    [LibraryImport(Library)]
    public static partial int sd_bus_set_fd(nint bus, int input, int output);

    [LibraryImport(Library)]
    public static partial int sd_bus_set_bus_client(nint bus, int isClient);

    [LibraryImport(Library)]
    public static partial int sd_bus_negotiate_fds(nint bus, int negotiate);

    [LibraryImport(Library)]
    public static partial int sd_bus_set_server(nint bus, int isServer, NativeId id);

    [LibraryImport(Library)]
    public static partial int sd_bus_set_sender(nint bus, byte* name);

    [LibraryImport(Library)]
    public static partial int sd_bus_add_filter(
        nint bus, nint* slot, delegate* unmanaged[Cdecl]<nint, void*, void*, int> callback, void* data);

    [LibraryImport(Library)]
    public static partial int sd_bus_is_ready(nint bus);

    [LibraryImport(Library)]
    public static partial int sd_bus_can_send(nint bus, byte type);

    [LibraryImport(Library)]
    public static partial int sd_bus_start(nint bus);

    [LibraryImport(Library)]
    public static partial nint sd_bus_close_unref(nint bus);

    [LibraryImport(Library)]
    public static partial int sd_bus_get_fd(nint bus);

    [LibraryImport(Library)]
    public static partial int sd_bus_get_events(nint bus);

    [LibraryImport(Library)]
    public static partial int sd_bus_get_timeout(nint bus, ulong* microseconds);

    [LibraryImport(Library)]
    public static partial int sd_bus_get_n_queued_write(nint bus, ulong* messages);

    [LibraryImport(Library)]
    public static partial int sd_bus_process(nint bus, nint* message);

    [LibraryImport(Library)]
    public static partial int sd_bus_add_object(
        nint bus, nint* slot, byte* path, delegate* unmanaged[Cdecl]<nint, void*, void*, int> handler, void* data);

    [LibraryImport(Library)]
    public static partial int sd_bus_match_signal_async(
        nint bus, nint* slot, byte* sender, byte* path, byte* @interface, byte* member,
        delegate* unmanaged[Cdecl]<nint, void*, void*, int> handler, void* installed, void* data);

    [LibraryImport(Library)]
    public static partial nint sd_bus_slot_unref(nint slot);

    [LibraryImport(Library)]
    public static partial int sd_bus_send(nint bus, nint message, ulong* cookie);

    [LibraryImport(Library)]
    public static partial int sd_bus_call_async(
        nint bus, nint* slot, nint message,
        delegate* unmanaged[Cdecl]<nint, void*, void*, int> handler, void* data, ulong microseconds);

    [LibraryImport(Library)]
    public static partial int sd_bus_reply_method_errno(nint call, int errno, void* error);

    [LibraryImport(Library)]
    public static partial int sd_bus_reply_method_error(nint call, NativeError* error);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_new_signal(nint bus, nint* message, byte* path, byte* @interface, byte* member);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_new_method_call(
        nint bus, nint* message, byte* destination, byte* path, byte* @interface, byte* member);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_new_method_return(nint call, nint* message);

    [LibraryImport(Library)]
    public static partial nint sd_bus_message_ref(nint message);

    [LibraryImport(Library)]
    public static partial nint sd_bus_message_unref(nint message);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_set_expect_reply(nint message, int expect);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_is_method_error(nint message, byte* name);

    [LibraryImport(Library)]
    public static partial NativeError* sd_bus_message_get_error(nint message);

    [LibraryImport(Library)]
    public static partial byte* sd_bus_message_get_sender(nint message);

    [LibraryImport(Library)]
    public static partial byte* sd_bus_message_get_member(nint message);

    [LibraryImport(Library)]
    public static partial byte* sd_bus_message_get_interface(nint message);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_has_signature(nint message, byte* types);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_append_basic(nint message, byte type, void* value);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_append_array(nint message, byte type, void* values, nuint bytes);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_append_array_space(nint message, byte type, nuint bytes, void** space);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_open_container(nint message, byte type, byte* contents);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_close_container(nint message);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_read_basic(nint message, byte type, void* value);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_read_array(nint message, byte type, void** values, nuint* bytes);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_enter_container(nint message, byte type, byte* contents);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_exit_container(nint message);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_skip(nint message, byte* types);

    [LibraryImport(Library)]
    public static partial int sd_bus_message_peek_type(nint message, byte* type, byte** contents);

    /// <summary>sd_id128_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly struct NativeId
    {
        private readonly ulong _first, _second;
    }

    /// <summary>struct sd_bus_error.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct NativeError
    {
        public byte* Name;
        public byte* Message;
        public int NeedFree;
    }
}

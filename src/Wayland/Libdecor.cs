using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Guestplane.Wayland;

/// <summary>
/// libdecor (libdecor.h, 0.1 and 0.2), which draws a window's frame where the host does not. It puts its own objects on our
/// connection, and their events come with ours. Loaded when it is first asked for: a desktop that needs it has it.
/// </summary>
public sealed unsafe partial class Libdecor : IDisposable
{
    /// <summary>The file that is looked for.</summary>
    public const string File = "libdecor-0.so.0";

    /// <summary>Callbacks that a later libdecor may have more of: null.</summary>
    private const int Reserved = 10;

    // struct libdecor_interface and struct libdecor_frame_interface.
    private static readonly nint* s_context = Table((nint)(delegate* unmanaged[Cdecl]<nint, int, byte*, void>)&OnError);
    private static readonly nint* s_frame = Table(
        (nint)(delegate* unmanaged[Cdecl]<nint, nint, nint, void>)&OnConfigure,
        (nint)(delegate* unmanaged[Cdecl]<nint, nint, void>)&OnClose,
        (nint)(delegate* unmanaged[Cdecl]<nint, nint, void>)&OnCommit,
        (nint)(delegate* unmanaged[Cdecl]<nint, byte*, nint, void>)&OnDismissPopup);
    private readonly WlDisplay _display;
    private nint _handle;

    private Libdecor(WlDisplay display)
    {
        _display = display;
        _handle = libdecor_new(display.Handle, s_context);
    }

    /// <summary>
    /// Begins; what it asks the host is answered two round trips later. Null where it is not installed. Without a plugin that
    /// can draw it says so itself, and draws nothing.
    /// </summary>
    public static Libdecor? Open(WlDisplay display)
    {
        try
        {
            return new Libdecor(display);
        }
        catch (DllNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Makes the surface a window with a frame; null when libdecor cannot.</summary>
    public LibdecorFrame? Decorate(WlSurface surface)
    {
        var frame = new LibdecorFrame(_display);
        frame.Attach(libdecor_decorate(_handle, surface.Handle, s_frame, frame.Self));
        if (frame.IsToplevel)
            return frame;
        frame.Dispose();
        return null;
    }

    /// <summary>
    /// Lets it look after what is not of our connection: its GTK plugin has one of its own. Events of ours may be raised
    /// meanwhile, and what their handlers throw is thrown by the next <see cref="WlDisplay.DispatchPending"/>.
    /// </summary>
    public void Dispatch() => _ = libdecor_dispatch(_handle, 0);

    /// <summary>After its frames, before the display.</summary>
    public void Dispose()
    {
        if (_handle != 0)
            libdecor_unref(_handle);
        _handle = 0;
    }

    private static nint* Table(params ReadOnlySpan<nint> callbacks)
    {
        var table = (nint*)NativeMemory.AllocZeroed((nuint)(callbacks.Length + Reserved), (nuint)sizeof(nint));
        callbacks.CopyTo(new Span<nint>(table, callbacks.Length));
        return table;
    }

    private static void Raise(nint self, Action<LibdecorFrame> raise)
    {
        if (GCHandle.FromIntPtr(self).Target is not LibdecorFrame frame)
            return;
        // An exception must not cross libdecor's frames.
        try
        {
            raise(frame);
        }
        catch (Exception e)
        {
            frame.Display.Keep(e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnConfigure(nint handle, nint configuration, nint self) => Raise(self, frame => frame.Configure(configuration));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnClose(nint handle, nint self) => Raise(self, frame => frame.Close());

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnCommit(nint handle, nint self) => Raise(self, frame => frame.WantCommit());

    /// <summary>We have no popups.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDismissPopup(nint handle, byte* seat, nint self)
    {
    }

    /// <summary>Every further call for a frame fails, and tells so.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnError(nint handle, int error, byte* message)
    {
    }

    [LibraryImport(File)]
    private static partial nint libdecor_new(nint display, nint* callbacks);

    [LibraryImport(File)]
    private static partial void libdecor_unref(nint context);

    [LibraryImport(File)]
    private static partial int libdecor_dispatch(nint context, int timeout);

    [LibraryImport(File)]
    private static partial nint libdecor_decorate(nint context, nint surface, nint* callbacks, nint self);
}

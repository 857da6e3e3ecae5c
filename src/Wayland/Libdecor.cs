using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Wayland;

/// <summary>
/// libdecor (libdecor.h, 0.1 and 0.2) draws the decorations of a window if the compositor does not. It creates its own objects
/// on our connection; their events are dispatched with ours. The library is loaded at first use.
/// </summary>
public sealed unsafe partial class Libdecor : IDisposable
{
    /// <summary>The file name of the library.</summary>
    public const string File = "libdecor-0.so.0";

    /// <summary>Callback slots for later versions of libdecor, left null.</summary>
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
    /// Starts libdecor; the compositor answers its first requests after two round trips. Null if it is not installed, or if
    /// <see cref="ProcessRights.AreElevated"/>. If it has no plugin that can draw, it prints a message and draws nothing.
    /// </summary>
    public static Libdecor? Open(WlDisplay display)
    {
        if (ProcessRights.AreElevated)
            return null;
        try
        {
            return new Libdecor(display);
        }
        catch (DllNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Makes the surface a window with a frame; null if libdecor cannot.</summary>
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
    /// Lets libdecor handle events of other connections: its GTK plugin has its own. It may also dispatch ours; an exception of
    /// their handlers is thrown by the next <see cref="WlDisplay.DispatchPending"/>.
    /// </summary>
    public void Dispatch() => _ = libdecor_dispatch(_handle, 0);

    /// <summary>Must be called after its frames are disposed and before the display is.</summary>
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
        // An exception must not cross libdecor's stack frames.
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
    private static void OnConfigure(nint handle, nint configuration, nint self) =>
        Raise(self, frame => frame.Configure(configuration));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnClose(nint handle, nint self) => Raise(self, frame => frame.Close());

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnCommit(nint handle, nint self) => Raise(self, frame => frame.WantCommit());

    /// <summary>We have no popups.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDismissPopup(nint handle, byte* seat, nint self)
    {
    }

    /// <summary>Nothing to do: after an error every call that creates a frame fails, and Decorate handles that.</summary>
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

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Guestplane.Wayland;

/// <summary>
/// The wl_interface of every generated class, in native memory: libwayland keeps the addresses as long as a display exists.
/// </summary>
internal static unsafe partial class InterfaceTable
{
    private static readonly NativeInterface* s_interfaces = Build();

    /// <summary>The address of a wl_interface.</summary>
    public static nint At(int index) => (nint)(s_interfaces + index);

    public static nint NameOf(int index) => (nint)s_interfaces[index].Name;

    public static string Name(int index) => Marshal.PtrToStringUTF8(NameOf(index))!;

    /// <summary>The name of a request, for error messages.</summary>
    public static string RequestName(int index, uint opcode) =>
        Marshal.PtrToStringUTF8((nint)s_interfaces[index].Methods[opcode].Name)!;

    /// <summary>
    /// Fills the table from what is generated: <c>Text</c> has each interface's name and then, for each of its messages, name and
    /// signature; <c>Numbers</c> has its version, how many requests and how many events, and then the interface of each object or
    /// new object among their arguments, or -1. They lie in the binary's read-only data, so the names stay where they are.
    /// </summary>
    private static NativeInterface* Build()
    {
        // All are allocated first, because they refer to each other in cycles.
        var interfaces = (NativeInterface*)NativeMemory.AllocZeroed(Count, (nuint)sizeof(NativeInterface));
        var message = (NativeMessage*)NativeMemory.AllocZeroed(MessageCount, (nuint)sizeof(NativeMessage));
        var slot = (NativeInterface**)NativeMemory.AllocZeroed(SlotCount, (nuint)sizeof(void*));
        var text = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Text));
        var number = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Numbers));
        for (var one = interfaces; one < interfaces + Count; one++)
        {
            one->Name = Next(ref text);
            one->Version = *number++;
            one->MethodCount = *number++;
            one->Methods = message;
            one->EventCount = *number++;
            one->Events = message + one->MethodCount;
            for (var end = one->Events + one->EventCount; message < end; message++)
            {
                message->Name = Next(ref text);
                message->Signature = text;
                message->Types = slot;
                // The other letters' slots stay null. A version and a question mark have none.
                for (; *text != 0; text++)
                    if (*text is (byte)'n' or (byte)'o')
                        *slot++ = *number++ is >= 0 and var type ? interfaces + type : null;
                    else if (*text >= 'a')
                        slot++;
                text++;
            }
        }
        return interfaces;
    }

    /// <summary>The NUL-terminated text, whose end is passed.</summary>
    private static byte* Next(ref byte* text)
    {
        var start = text;
        while (*text++ != 0) { }
        return start;
    }
}

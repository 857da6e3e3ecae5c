using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Guestplane.Wayland;

/// <summary>
/// The wl_interface of every generated class, in native memory: libwayland keeps the addresses as long as a display exists.
/// </summary>
internal static unsafe partial class InterfaceTable
{
    private static readonly NativeInterface* s_interfaces = Build();

    public static NativeInterface* At(int index) => s_interfaces + index;

    public static nint NameOf(int index) => (nint)s_interfaces[index].Name;

    public static string Name(int index) => Marshal.PtrToStringUTF8(NameOf(index))!;

    /// <summary>The name of a request, for error messages.</summary>
    public static string RequestName(int index, uint opcode) =>
        Marshal.PtrToStringUTF8((nint)s_interfaces[index].Methods[opcode].Name)!;

    /// <summary>
    /// Fills the table in the order of the generated calls. All interfaces are allocated first, because they refer to each other
    /// in cycles.
    /// </summary>
    private ref struct TableBuilder(int interfaces, int messages, int slots)
    {
        private NativeMessage* _message =
            (NativeMessage*)NativeMemory.AllocZeroed((nuint)messages, (nuint)sizeof(NativeMessage));
        private NativeInterface** _slot =
            (NativeInterface**)NativeMemory.AllocZeroed((nuint)Math.Max(1, slots), (nuint)sizeof(void*));
        private int _next;

        public NativeInterface* Interfaces { get; } =
            (NativeInterface*)NativeMemory.AllocZeroed((nuint)interfaces, (nuint)sizeof(NativeInterface));

        public void Interface(ReadOnlySpan<byte> name, int version, int requests, int events)
        {
            Interfaces[_next++] = new NativeInterface
            {
                Name = Literal(name),
                Version = version,
                MethodCount = requests,
                Methods = _message,
                EventCount = events,
                Events = _message + requests,
            };
        }

        public void Message(ReadOnlySpan<byte> name, ReadOnlySpan<byte> signature, ReadOnlySpan<int> types)
        {
            *_message++ = new NativeMessage { Name = Literal(name), Signature = Literal(signature), Types = _slot };
            foreach (var type in types)
                *_slot++ = type < 0 ? null : Interfaces + type;
        }

        /// <summary>A u8 literal is in the binary's read-only data and followed by NUL.</summary>
        private static byte* Literal(ReadOnlySpan<byte> text) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(text));
    }
}

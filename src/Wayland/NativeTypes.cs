using System.Runtime.InteropServices;

namespace Guestplane.Wayland;

/// <summary>union wl_argument (wayland-util.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal struct WlArgument
{
    [FieldOffset(0)] public int Int;
    [FieldOffset(0)] public uint UInt;

    /// <summary>A string, an array, or the wl_proxy of an existing or a new object.</summary>
    [FieldOffset(0)] public nint Pointer;
}

/// <summary>struct wl_interface (wayland-util.h), 40 bytes on 64 bits.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeInterface
{
    public byte* Name;
    public int Version;
    public int MethodCount;
    public NativeMessage* Methods;
    public int EventCount;
    public NativeMessage* Events;
}

/// <summary>struct wl_message: one slot in <see cref="Types"/> per argument on the wire.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage
{
    public byte* Name;
    public byte* Signature;
    public NativeInterface** Types;
}

/// <summary>struct wl_array. As a request's argument it points at the caller's span, which must be on the stack.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe ref struct NativeArray
{
    private readonly nuint _size;
    private readonly nuint _allocated;
    private readonly byte* _data;

    public NativeArray(ReadOnlySpan<byte> stackBytes)
    {
        _size = _allocated = (nuint)stackBytes.Length;
        _data = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(stackBytes));
    }

    public static ReadOnlySpan<byte> Read(WlArgument argument)
    {
        var array = (nuint*)argument.Pointer;
        return array == null ? default : new ReadOnlySpan<byte>((void*)array[2], checked((int)array[0]));
    }
}

/// <summary>wl_fixed_t: a signed 24.8 number.</summary>
public readonly record struct WlFixed(int Raw)
{
    public double Value => Raw / 256.0;

    public static WlFixed From(double value) => new((int)Math.Round(value * 256));
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Guestplane.Linux;

namespace Guestplane.Wayland;

/// <summary>
/// A string argument as NUL-terminated UTF-8: on the caller's stack if it fits, else in native memory until Dispose.
/// </summary>
internal readonly unsafe ref struct Utf8Argument
{
    public const int StackBytes = 256;
    private readonly void* _owned;

    public Utf8Argument(string? text, Span<byte> stack)
    {
        if (text is null)
            return;
        var bytes = Encoding.UTF8.GetByteCount(text) + 1;
        if (bytes > stack.Length)
            stack = new Span<byte>(_owned = NativeMemory.Alloc((nuint)bytes), bytes);
        stack[Encoding.UTF8.GetBytes(text, stack)] = 0;
        Pointer = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(stack));
    }

    public nint Pointer { get; }

    public void Dispose() => NativeMemory.Free(_owned);

    public static ReadOnlySpan<byte> Read(WlArgument argument) =>
        MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)argument.Pointer);
}

/// <summary>Keeps a descriptor open while libwayland duplicates it for the wire.</summary>
internal readonly ref struct FdLease
{
    private readonly Fd _fd;

    public FdLease(Fd fd)
    {
        var added = false;
        fd.DangerousAddRef(ref added);
        _fd = fd;
    }

    public int Number => _fd.Number;

    public void Dispose() => _fd.DangerousRelease();
}

/// <summary>A descriptor that came with an event. The handler takes it; otherwise it is closed after the event.</summary>
internal static class FdArgument
{
    private const int Taken = -1;

    public static Fd Take(ref WlArgument argument)
    {
        if (argument.Int == Taken)
            throw new InvalidOperationException("The event's file descriptor was taken already.");
        var fd = Fd.Own(argument.Int);
        argument.Int = Taken;
        return fd;
    }

    public static void Drop(ref WlArgument argument)
    {
        if (argument.Int != Taken)
            Take(ref argument).Dispose();
    }
}

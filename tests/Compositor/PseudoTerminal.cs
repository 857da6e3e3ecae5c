using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Tests.Compositor;

/// <summary>A terminal (pty(7)) of which this process is the screen.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private readonly Fd _screen;

    public PseudoTerminal()
    {
        _screen = Fd.Open("/dev/ptmx");
        Assert.Equal(0, Load<Call>("unlockpt")(_screen.Number));
        Path = Marshal.PtrToStringUTF8(Load<NameCall>("ptsname")(_screen.Number))!;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Call(int terminal);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint NameCall(int terminal);

    public string Path { get; }

    /// <summary>Leaves room for less than a line.</summary>
    public void Fill()
    {
        using var terminal = Fd.Open(Path);
        Pipe.NeverWait(terminal);
        while (terminal.Write(new byte[512]))
        {
        }
        // It frees its room in pieces.
        Assert.InRange(Pipe.Read(_screen, new byte[4096]), 1, 4096);
    }

    public void Dispose() => _screen.Dispose();

    private static T Load<T>(string name)
        where T : Delegate =>
        Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), name));
}

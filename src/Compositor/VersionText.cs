using System.CommandLine;
using System.CommandLine.Invocation;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>What --version prints: the program, and the libraries that it finds, a line each.</summary>
internal sealed class VersionText(TextWriter output) : SynchronousCommandLineAction
{
    private static readonly (string Library, string Without)[] s_libraries =
    [
        ("libwayland-client.so.0", "nothing can be shown"),
        (Wayland.Libdecor.File, "windows have no frame where the host draws none"),
        ("libsystemd.so.0", "no VM of QEMU's can be shown"),
        ("libvirt.so.0", "no libvirt: source can be shown"),
    ];

    public override int Invoke(ParseResult parseResult)
    {
        output.WriteLine(Program.Name);
        foreach (var (library, without) in s_libraries)
            output.WriteLine($"{library}: {SharedLibrary.File(library) ?? $"not found; {without}"}");
        return (int)ExitCode.Ok;
    }
}

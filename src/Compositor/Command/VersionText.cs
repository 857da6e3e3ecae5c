using System.CommandLine;
using System.CommandLine.Invocation;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Prints --version: a line for the program and for each library, with the file that was found.</summary>
internal sealed class VersionText(TextWriter output) : SynchronousCommandLineAction
{
    private static readonly (string Library, string Without)[] s_libraries =
    [
        ("libwayland-client.so.0", "nothing can be shown"),
        (Wayland.Libdecor.File, "windows have no decorations if the compositor draws none"),
        (Wayland.XkbKeymap.File, "what virtual keyboards type is wrong"),
        (Wayland.CursorTheme.File, "a pointer that a VM releases stays hidden where the compositor has no cursor shapes"),
        ("libsystemd.so.0", "no VM of QEMU's can be shown, and nothing can be shared"),
        ("libvirt.so.0", "no libvirt: source can be shown"),
        (TextImage.File, "no window says which keys leave full screen, or what is waited for"),
        (Png.File, "a kiosk has no splash picture, and there are no screenshots"),
    ];

    public override int Invoke(ParseResult parseResult)
    {
        output.WriteLine(ProgramName.Text);
        foreach (var (library, without) in s_libraries)
            output.WriteLine($"{library}: {SharedLibrary.File(library) ?? $"not found; {without}"}");
        return (int)ExitCode.Ok;
    }
}

using System.CommandLine;

namespace Guestplane.Compositor;

/// <summary>
/// <c>guestplane kiosk SOURCE</c>: a show for a display that nobody attends. It fills its output, waits for whatever is not
/// there, the guest as well as the host, and keeps the screen awake.
/// </summary>
internal static class KioskCommand
{
    /// <param name="run">Shows, and says how it went.</param>
    public static Command Create(Func<ShowOptions, ExitCode> run)
    {
        var show = new ShowArguments();
        var splash = new Option<string?>("--splash") { Description = "A PNG to show in the middle while there is no guest yet." };
        var pointer = new Option<bool>("--show-pointer") { Description = "Leave the host's pointer visible, and to a relative guest by a click alone." };
        var command = new Command("kiosk", "Show a guest on an unattended display.") { splash, pointer };
        show.AddTo(command);
        command.SetAction(parsed => (int)run(Kiosk(show.Read(parsed), parsed.GetValue(splash), parsed.GetValue(pointer))));
        return command;
    }

    private static ShowOptions Kiosk(ShowOptions options, string? splash, bool showPointer) => options with
    {
        Fullscreen = true,
        Wait = true,
        Reconnect = true,
        KeepAwake = true,
        InhibitShortcuts = true,
        TakePointer = !showPointer,
        Splash = new SplashImage(options.Background, splash),
    };
}

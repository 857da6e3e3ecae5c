using System.CommandLine;
using ShowSetting = Guestplane.Compositor.Setting<Guestplane.Compositor.ShowOptions>;

namespace Guestplane.Compositor;

/// <summary><c>guestplane kiosk SOURCE</c>: unattended. Waits for guest and compositor, and keeps the screen awake.</summary>
internal static class KioskCommand
{
    /// <param name="run">Shows a guest until the show ends.</param>
    public static Command Create(Func<ShowOptions, ExitCode> run) => ShowArguments.Command(
        "kiosk", "Show a VM on an unattended display.", Start,
        show => run(show with { Splash = show.Splash! with { Background = show.Background } }),
        ShowSetting.Text("--splash", "A PNG to show in the middle until there is a VM.",
            (show, path) => show with { Splash = new(show.Background, path) }, form: "FILE"),
        ShowSetting.Flag(
            "--show-pointer", "Leave the compositor's pointer visible; a VM with a relative pointer takes it only by a click.",
            show => show with { TakePointer = false }));

    private static ShowOptions Start(string source) => new()
    {
        Source = source,
        Input = ShowOptions.FoundInput,
        Fullscreen = true,
        Wait = true,
        Reconnect = true,
        KeepAwake = true,
        InhibitShortcuts = true,
        TakePointer = true,
        HasText = false,
        Splash = new(Background: 0, Image: null),
    };
}

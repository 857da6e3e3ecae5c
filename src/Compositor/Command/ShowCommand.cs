using System.CommandLine;
using ShowSetting = Guestplane.Compositor.Setting<Guestplane.Compositor.ShowOptions>;

namespace Guestplane.Compositor;

/// <summary><c>guestplane show SOURCE</c>.</summary>
internal static class ShowCommand
{
    /// <summary>A VM that is there is open sooner; then no other window flashes up before its own.</summary>
    private const long SplashAfterNs = 1_000_000_000;

    /// <param name="run">Shows a guest until the show ends.</param>
    public static Command Create(Func<ShowOptions, ExitCode> run) => ShowArguments.Command(
        "show", "Show a VM.", source => new() { Source = source, Input = ShowOptions.FoundInput },
        show => run(!show.Wait ? show : show with { Splash = new(show.Background, Image: null, SplashAfterNs) }),
        ShowSetting.Flag("--fullscreen", "Fill the screen.", show => show with { Fullscreen = true }, "-f"),
        ShowSetting.Flag("--no-decorations", "Show the window without a frame.", show => show with { IsDecorated = false }),
        ShowSetting.Flag("--no-text", "Write nothing into the window: which keys leave full screen, what is waited for.",
            show => show with { HasText = false }),
        ShowSetting.Flag("--wait", "When the VM ends, keep its last image, dimmed, until it is back.",
            show => show with { Wait = true }),
        ShowSetting.Flag("--reconnect", "When the Wayland compositor ends, wait for the next one, and show the VM there.",
            show => show with { Reconnect = true }),
        ShowSetting.Flag("--raise", "If a window that was started with this shows the source already, raise that one, and end.",
            show => show with { IsSingle = true }),
        ShowSetting.Flag("--keep-awake", "Keep the compositor from blanking the screen that shows the VM.",
            show => show with { KeepAwake = true }));
}

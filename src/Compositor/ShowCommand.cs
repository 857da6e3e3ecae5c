using System.CommandLine;

namespace Guestplane.Compositor;

/// <summary><c>guestplane show SOURCE</c>.</summary>
internal static class ShowCommand
{
    /// <param name="run">Shows, and says how it went.</param>
    public static Command Create(Func<ShowOptions, ExitCode> run)
    {
        var show = new ShowArguments();
        var fullscreen = new Option<bool>("--fullscreen") { Description = "Fill the screen." };
        var wait = new Option<bool>("--wait") { Description = "When the guest ends, keep its last image, dimmed, until it is there again." };
        var reconnect = new Option<bool>("--reconnect") { Description = "When the Wayland host ends, wait for it, and show the guest there again." };
        var awake = new Option<bool>("--keep-awake") { Description = "Keep the host from blanking the screen that shows the guest." };
        var bare = new Option<bool>("--no-decorations") { Description = "Show the window without a frame." };
        var command = new Command("show", "Show a guest.") { fullscreen, bare, wait, reconnect, awake };
        show.AddTo(command);
        command.SetAction(parsed => (int)run(show.Read(parsed) with
        {
            Fullscreen = parsed.GetValue(fullscreen),
            Wait = parsed.GetValue(wait),
            Reconnect = parsed.GetValue(reconnect),
            IsDecorated = !parsed.GetValue(bare),
            KeepAwake = parsed.GetValue(awake),
        }));
        return command;
    }
}

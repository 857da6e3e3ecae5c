using System.Diagnostics;
using System.Text.Json;

namespace Guestplane.Tests.Hosts;

/// <summary>
/// This machine's own sway, headless, in a runtime directory of its own: one output of 1280x800 with no bar, no borders and
/// no pointer of its own. It has a seat without devices until there is a <see cref="VirtualSeat"/>,
/// whose keys may be released late: they do not repeat before ten seconds.
/// </summary>
internal sealed class HeadlessSway : IDisposable
{
    public const int Width = 1280, Height = 800;

    private const string Nobody = "65534";

    private const string Config =
        """
        output * resolution 1280x800 position 0 0
        swaybg_command -
        default_border none
        focus_follows_mouse no
        input * repeat_delay 10000
        """;

    private readonly DirectoryInfo _runtime = Directory.CreateTempSubdirectory("guestplane-sway-");
    private Process _sway;
    private Task<string> _log;

    private HeadlessSway()
    {
        Assert.SkipUnless(Tools.Has("sway") && Tools.Has("swaymsg") && Tools.Has("grim"), "sway or grim is not installed");
        File.WriteAllText(Path.Combine(_runtime.FullName, "config"), Config);
        (_sway, _log) = Launch();
    }

    private (Process Sway, Task<string> Log) Launch()
    {
        string[] command = ["sway", "--config", Path.Combine(_runtime.FullName, "config")];
        if (Environment.IsPrivilegedProcess)
        {
            // sway refuses to run as root.
            Tools.Run(new("chown", ["-R", Nobody, _runtime.FullName]));
            command = ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", .. command];
        }
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true };
        Prepare(start);
        foreach (var (name, value) in new[] { ("WLR_BACKENDS", "headless"), ("WLR_RENDERER", "pixman"), ("WLR_LIBINPUT_NO_DEVICES", "1"), ("HOME", _runtime.FullName) })
            start.Environment[name] = value;
        start.Environment.Remove("WAYLAND_DISPLAY");
        start.Environment.Remove("DISPLAY");
        var sway = Process.Start(start)!;
        return (sway, sway.StandardError.ReadToEndAsync());
    }

    public string RuntimeDir => _runtime.FullName;

    /// <summary>wlroots takes the first that is free, and nobody else is here.</summary>
    public const string DisplayName = "wayland-1";

    private string Commands => Path.Combine(_runtime.FullName, "sway.sock");

    public static async Task<HeadlessSway> Start()
    {
        var sway = new HeadlessSway();
        await sway.AwaitSockets();
        return sway;
    }

    /// <summary>Killed, as by a crash, and started again at the same address.</summary>
    public async Task Crash()
    {
        Kill();
        foreach (var socket in new[] { Commands, Path.Combine(RuntimeDir, DisplayName), Path.Combine(RuntimeDir, DisplayName + ".lock") })
            File.Delete(socket);
        (_sway, _log) = Launch();
        await AwaitSockets();
    }

    /// <summary>"STOP", "CONT".</summary>
    public void Signal(string name) => Tools.Run(new("kill", [$"-{name}", _sway.Id.ToString()]));

    private async Task AwaitSockets()
    {
        await Tools.Until(() => _sway.HasExited || (Tools.Listens(Commands) && Tools.Listens(Path.Combine(RuntimeDir, DisplayName))),
            () => "sway opened no socket");
        if (_sway.HasExited)
            Assert.Fail($"sway: {_log.Result}");
    }

    private void Kill()
    {
        if (!_sway.HasExited)
            _sway.Kill();
        _sway.WaitForExit();
        _log.Wait(Tools.Patience);
        _sway.Dispose();
    }

    public void Prepare(ProcessStartInfo client)
    {
        client.Environment["XDG_RUNTIME_DIR"] = RuntimeDir;
        client.Environment["WAYLAND_DISPLAY"] = DisplayName;
        client.Environment["SWAYSOCK"] = Commands;
    }

    /// <summary>A client that ends by itself.</summary>
    public void Run(string program, params string[] arguments) => Tools.Run(Client(program, arguments));

    /// <summary>A command of its own language (sway(5)).</summary>
    public void Do(string command) => Tools.Run(Client("swaymsg", "--", command));

    /// <summary>What is on its output. The pointer is part of that: without a display controller there is no plane for it.</summary>
    public Png Screenshot()
    {
        var file = Path.Combine(RuntimeDir, "screenshot.png");
        Tools.Run(Client("grim", "-l", "1", file));
        return Png.Read(file);
    }

    /// <summary>Its windows.</summary>
    public IReadOnlyList<SwayWindow> Windows()
    {
        using var tree = JsonDocument.Parse(Tools.Run(Client("swaymsg", "-r", "-t", "get_tree")));
        var windows = new List<SwayWindow>();
        Collect(tree.RootElement, windows);
        return windows;
    }

    /// <summary>Copies, as a program of this desktop that needs no window.</summary>
    public void Copy(string text)
    {
        // It stays as long as it has the selection, and so do descriptors that it inherits.
        using var copy = Process.Start(Client("wl-copy", text))!;
        copy.WaitForExit();
    }

    /// <summary>Pastes, as a program of this desktop; empty if there is nothing.</summary>
    public string Paste()
    {
        var client = Client("wl-paste", "--no-newline");
        client.RedirectStandardOutput = true;
        using var paste = Process.Start(client)!;
        var text = paste.StandardOutput.ReadToEnd();
        paste.WaitForExit();
        return text;
    }

    public void Dispose()
    {
        Kill();
        _runtime.Delete(recursive: true);
    }

    private ProcessStartInfo Client(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments);
        Prepare(start);
        return start;
    }

    private static void Collect(JsonElement node, List<SwayWindow> windows)
    {
        if (node.TryGetProperty("app_id", out var app))
        {
            var area = node.GetProperty("rect");
            windows.Add(new(app.GetString() ?? "", node.GetProperty("name").GetString() ?? "", node.GetProperty("focused").GetBoolean(),
                area.GetProperty("width").GetInt32(), area.GetProperty("height").GetInt32()));
        }
        foreach (var children in new[] { "nodes", "floating_nodes" })
            foreach (var child in node.GetProperty(children).EnumerateArray())
                Collect(child, windows);
    }
}

/// <summary>A window, as sway's get_tree tells it.</summary>
internal sealed record SwayWindow(string App, string Title, bool IsFocused, int Width, int Height);

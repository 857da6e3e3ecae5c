using System.Diagnostics;

namespace Guestplane.Tests.Hosts;

/// <summary>A compositor that starts a kiosk itself, and ends with it.</summary>
internal sealed class KioskHost : IDisposable
{
    private const string Nobody = "65534";

    private static readonly string s_examples = Path.Combine(Repository.Root, "dist", "examples");

    private readonly Func<Png> _shoot;
    private readonly Process _compositor;
    private readonly Task<string> _log;

    private KioskHost(ProcessStartInfo start, Func<Png> shoot)
    {
        _shoot = shoot;
        start.Environment["PATH"] = $"{Path.GetDirectoryName(Repository.Program)}:{Environment.GetEnvironmentVariable("PATH")}";
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        _compositor = Process.Start(start)!;
        _ = _compositor.StandardOutput.ReadToEndAsync();
        _log = _compositor.StandardError.ReadToEndAsync();
    }

    /// <summary>As the system's unit does: as a window that fills a sway, which takes the screenshots.</summary>
    /// <param name="outer">The sway. (A headless cage 0.1 gives screenshots of buffers that it has not drawn completely.)</param>
    /// <param name="arguments">Of guestplane kiosk.</param>
    public static KioskHost Cage(HeadlessSway outer, string arguments)
    {
        Assert.SkipUnless(Tools.Has("cage") && Tools.Has("Xwayland"), "cage or Xwayland is not installed");
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        string[] command = ["cage", "-s", "--", "guestplane", "kiosk", .. arguments.Split(' ')];
        // cage 0.1 refuses to run as root.
        if (Environment.IsPrivilegedProcess)
            command = ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", .. command];
        var start = new ProcessStartInfo(command[0], command[1..]);
        outer.Prepare(start);
        start.Environment["HOME"] = outer.RuntimeDir;
        (start.Environment["WLR_BACKENDS"], start.Environment["WLR_RENDERER"]) = ("wayland", "pixman");
        return new(start, outer.Screenshot);
    }

    /// <summary>By the example, whose script it starts from here.</summary>
    /// <param name="runtime">Its runtime directory.</param>
    /// <param name="source">What is shown.</param>
    /// <param name="options">Further options of guestplane kiosk.</param>
    public static KioskHost Weston(DirectoryInfo runtime, string source, string options)
    {
        Assert.SkipUnless(Tools.Has("weston") && Tools.Has("weston-screenshooter"), "weston is not installed");
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        var config = Path.Combine(runtime.FullName, "weston.ini");
        File.WriteAllText(config, File.ReadAllText(Path.Combine(s_examples, "weston.ini"))
            .Replace("/etc/guestplane", s_examples, StringComparison.Ordinal));
        string[] backend = HeadlessWeston.Version() >= 13 ? ["--backend=headless", "--renderer=gl"] : ["--backend=headless-backend.so", "--use-pixman"];
        var start = new ProcessStartInfo("weston", [.. backend, $"--config={config}", "--debug", $"--socket={HeadlessWeston.Display}"]);
        (start.Environment["KIOSK_SOURCE"], start.Environment["KIOSK_OPTIONS"]) = (source, options);
        (start.Environment["XDG_RUNTIME_DIR"], start.Environment["LIBGL_ALWAYS_SOFTWARE"]) = (runtime.FullName, "1");
        return new(start, () => HeadlessWeston.Screenshot(runtime));
    }

    /// <summary>Until the screen is so.</summary>
    public async Task AwaitShot(Func<Png, bool> isSo)
    {
        await Tools.Until(() => _compositor.HasExited || isSo(_shoot()), () => "the screen never looks so");
        if (_compositor.HasExited)
            Assert.Fail($"It ended: {_log.Result}");
    }

    public void Dispose()
    {
        _compositor.Kill(entireProcessTree: true);
        _compositor.WaitForExit();
        _compositor.Dispose();
    }
}

using System.Diagnostics;

namespace Guestplane.Tests.Hosts;

/// <summary>This machine's own weston, headless, in a runtime directory of its own.</summary>
internal sealed class HeadlessWeston : IDisposable
{
    public const string Display = "guestplane-test";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    private readonly DirectoryInfo _runtime = Directory.CreateTempSubdirectory("guestplane-weston-");
    private readonly Process _weston;
    private readonly Task<string> _log;

    public HeadlessWeston()
    {
        Assert.SkipUnless(Find("weston") && Find("weston-screenshooter"), "weston is not installed");
        // weston 10 spells its backends otherwise, and renders nothing unless told to.
        string[] backend = Version() >= 13 ? ["--backend=headless", "--renderer=gl"] : ["--backend=headless-backend.so", "--use-pixman"];
        var start = new ProcessStartInfo("weston", [.. backend, "--no-config", "--debug", "--idle-time=0", "--width=1280", "--height=800", $"--socket={Display}"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Prepare(start);
        start.Environment["LIBGL_ALWAYS_SOFTWARE"] = "1";
        _weston = Process.Start(start)!;
        _log = _weston.StandardError.ReadToEndAsync();
        if (!SpinWait.SpinUntil(() => Tools.Listens(Path.Combine(_runtime.FullName, Display)), s_patience))
            throw new TimeoutException("weston opened no socket");
    }

    public string RuntimeDir => _runtime.FullName;

    /// <summary>What a client of it needs in its environment.</summary>
    public void Prepare(ProcessStartInfo client)
    {
        client.Environment["XDG_RUNTIME_DIR"] = RuntimeDir;
        client.Environment["WAYLAND_DISPLAY"] = Display;
    }

    public Png Screenshot() => Screenshot(_runtime);

    /// <summary>What a headless weston with this runtime directory and socket name shows.</summary>
    public static Png Screenshot(DirectoryInfo runtime)
    {
        var start = new ProcessStartInfo("weston-screenshooter") { WorkingDirectory = runtime.FullName };
        (start.Environment["XDG_RUNTIME_DIR"], start.Environment["WAYLAND_DISPLAY"]) = (runtime.FullName, Display);
        using var shooter = Process.Start(start)!;
        Assert.True(shooter.WaitForExit(s_patience));
        var file = Assert.Single(Directory.GetFiles(runtime.FullName, "wayland-screenshot-*.png"));
        var picture = Png.Read(file);
        File.Delete(file);
        return picture;
    }

    public void Dispose()
    {
        _weston.Kill();
        _weston.WaitForExit();
        _log.Wait(s_patience);
        _weston.Dispose();
        _runtime.Delete(recursive: true);
    }

    private static bool Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>"weston 10.0.1" → 10.</summary>
    public static int Version()
    {
        using var weston = Process.Start(new ProcessStartInfo("weston", "--version") { RedirectStandardOutput = true })!;
        return int.Parse(weston.StandardOutput.ReadToEnd().Split(' ', '.')[1]);
    }
}

using System.Diagnostics;

namespace Guestplane.Tests.Hosts;

/// <summary>
/// This machine's own weston, in the runtime directory of a headless sway: as a window of it, or with RDP clients as its seats.
/// </summary>
internal sealed class NestedWeston : IDisposable
{
    public const string DisplayName = "weston-nested";

    private readonly HeadlessSway _outer;
    private readonly Process _weston;
    private readonly Task<string> _log;

    private NestedWeston(HeadlessSway outer, string backend, params string[] options)
    {
        _outer = outer;
        // Until weston 12, backends are named by their files.
        var name = HeadlessWeston.Version() >= 13 ? $"--backend={backend}" : $"--backend={backend}-backend.so";
        var start = new ProcessStartInfo("weston", [name, .. options, "--no-config", "--idle-time=0", $"--socket={DisplayName}"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        outer.Prepare(start);
        _weston = Process.Start(start)!;
        _log = _weston.StandardError.ReadToEndAsync();
    }

    public static Task<NestedWeston> Start(HeadlessSway outer) => Start(outer, "wayland", "--use-pixman");

    /// <summary>It has a seat for each client that is connected, and none without.</summary>
    public static Task<NestedWeston> StartRdp(HeadlessSway outer, int port)
    {
        Assert.SkipUnless(Tools.Has("wlfreerdp") && Tools.Has("openssl"), "freerdp2-wayland and openssl are not installed");
        string At(string file) => Path.Combine(outer.RuntimeDir, file);
        Tools.Run(new("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
            "-keyout", At("key.pem"), "-out", At("certificate.pem")]));
        return Start(outer, "rdp", "--address=127.0.0.1", $"--port={port}", "--width=640", "--height=480", "--no-clients-resize",
            $"--rdp-tls-cert={At("certificate.pem")}", $"--rdp-tls-key={At("key.pem")}");
    }

    private static async Task<NestedWeston> Start(HeadlessSway outer, string backend, params string[] options)
    {
        Assert.SkipUnless(Tools.Has("weston"), "weston is not installed");
        var weston = new NestedWeston(outer, backend, options);
        var socket = Path.Combine(outer.RuntimeDir, DisplayName);
        await Tools.Until(() => weston._weston.HasExited || Tools.Listens(socket), () => "weston opened no socket");
        if (weston._weston.HasExited)
            Assert.Fail($"weston: {weston._log.Result}");
        return weston;
    }

    /// <summary>Copies, as a program of this desktop.</summary>
    public void Copy(string text) => Run("wl-copy", text);

    /// <summary>Pastes, as a program of this desktop; empty if there is nothing.</summary>
    public string Paste()
    {
        using var paste = Process.Start(Client("wl-paste", "--no-newline"))!;
        var text = paste.StandardOutput.ReadToEnd();
        paste.WaitForExit();
        return text;
    }

    public void Dispose()
    {
        if (!_weston.HasExited)
            _weston.Kill();
        _weston.WaitForExit();
        _log.Wait(Tools.Patience);
        _weston.Dispose();
    }

    private void Run(string program, string argument)
    {
        using var process = Process.Start(Client(program, argument))!;
        process.WaitForExit();
    }

    private ProcessStartInfo Client(string program, string argument)
    {
        var start = new ProcessStartInfo(program, [argument]) { RedirectStandardOutput = program == "wl-paste" };
        _outer.Prepare(start);
        start.Environment["WAYLAND_DISPLAY"] = DisplayName;
        return start;
    }
}

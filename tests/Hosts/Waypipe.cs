using System.Diagnostics;
using System.Text.Json;

namespace Guestplane.Tests.Hosts;

/// <summary>
/// guestplane on a machine without a host of its own, and waypipe between it and one elsewhere: <c>waypipe client</c> there,
/// <c>waypipe server -- guestplane …</c> here, and a Unix socket where ssh would be.
/// </summary>
internal sealed class Waypipe : IDisposable
{
    private readonly DirectoryInfo _here = Directory.CreateTempSubdirectory("guestplane-waypipe-");
    private readonly Process _client, _server;
    private readonly Task<string> _clientSaid, _serverSaid;
    private readonly int _program;

    private Waypipe(Process client, IEnumerable<string> options, IEnumerable<string> arguments)
    {
        (_client, _clientSaid) = (client, client.StandardError.ReadToEndAsync());
        // Who is told to end is guestplane, not waypipe: so its number is told first.
        string[] program = ["sh", "-c", "echo $$; exec \"$0\" \"$@\"", Repository.Program, .. arguments, "--report", ReportPath];
        var start = new ProcessStartInfo("waypipe", [.. options, "server", "--", .. program]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["XDG_RUNTIME_DIR"] = _here.FullName;
        start.Environment.Remove("WAYLAND_DISPLAY");
        _server = Process.Start(start)!;
        _serverSaid = _server.StandardError.ReadToEndAsync();
        _program = int.Parse(_server.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"waypipe: {_serverSaid.Result}"));
    }

    private string ReportPath => Path.Combine(_here.FullName, "report.json");

    /// <param name="prepare">Gives waypipe's client the environment of a client of the host.</param>
    /// <param name="arguments">guestplane's.</param>
    public static async Task<Waypipe> Start(Action<ProcessStartInfo> prepare, params string[] arguments)
    {
        Assert.SkipUnless(Tools.Has("waypipe"), "waypipe is not installed");
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        var socket = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        // What waypipe does by itself where there is no render node, so that it is the same everywhere.
        string[] options = ["--no-gpu", "--socket", socket];
        var start = new ProcessStartInfo("waypipe", [.. options, "client"]) { RedirectStandardError = true };
        prepare(start);
        var client = Process.Start(start)!;
        await Tools.Until(() => client.HasExited || Tools.Listens(socket), () => "waypipe opened no socket");
        return new(client, [.. options, "--unlink-socket"], arguments);
    }

    /// <summary>Both of waypipe's halves, and of guestplane's messages all.</summary>
    public string Said => _clientSaid.Result + _serverSaid.Result;

    public JsonElement Report => JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(ReportPath));

    /// <returns>guestplane's exit code, which waypipe passes on.</returns>
    public int Terminate()
    {
        Tools.Run(new("kill", ["-TERM", _program.ToString()]));
        return Wait();
    }

    public int Wait()
    {
        Assert.True(_server.WaitForExit(Tools.Patience), "waypipe's server did not end");
        Break();
        return _server.ExitCode;
    }

    /// <summary>As if the line were cut.</summary>
    public void Break()
    {
        _client.Kill(entireProcessTree: true);
        _client.WaitForExit();
    }

    public void Dispose()
    {
        Break();
        _server.Kill(entireProcessTree: true);
        _server.WaitForExit();
        _client.Dispose();
        _server.Dispose();
        _here.Delete(recursive: true);
    }
}

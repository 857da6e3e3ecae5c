using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>The published program in a process of its own, on a fake host: what it says, reports and returns.</summary>
internal sealed class ProgramRun : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly Task<string> _messages;
    private readonly StringBuilder _said = new();
    private readonly string _reportPath = Path.GetTempFileName();

    private ProgramRun(string? runtimeDir, string? display, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
        : this(runtimeDir, display, Repository.Program, arguments, environment)
    {
    }

    private ProgramRun(string? runtimeDir, string? display, string program, IEnumerable<string> arguments, (string Name, string Value)[] environment)
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        if (start.ArgumentList.FirstOrDefault() == "show" && !start.ArgumentList.Contains("--report"))
        {
            start.ArgumentList.Add("--report");
            start.ArgumentList.Add(_reportPath);
        }
        start.Environment["XDG_RUNTIME_DIR"] = runtimeDir ?? "/nonexistent";
        start.Environment["WAYLAND_DISPLAY"] = display ?? "wayland-none";
        // Not the tester's own settings.
        start.Environment["XDG_CONFIG_HOME"] = "/nonexistent";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _messages = Listen();
    }

    public int Id => _process.Id;

    /// <summary>Starts it on a host: "show" and its arguments, in one line.</summary>
    public static ProgramRun Start(FakeHost host, string arguments, params (string Name, string Value)[] environment) =>
        new(host.RuntimeDir, host.DisplayName, arguments.Split(' '), environment);

    /// <summary>Starts it on the host of that name in that runtime directory.</summary>
    public static ProgramRun Start(string runtimeDir, string display, string arguments, params (string Name, string Value)[] environment) =>
        new(runtimeDir, display, arguments.Split(' '), environment);

    /// <summary>Starts it by a shell, for arguments that redirect descriptors.</summary>
    /// <param name="before">What the shell does first, with a semicolon.</param>
    public static ProgramRun Shell(string runtimeDir, string display, string arguments, string before = "") =>
        new(runtimeDir, display, "sh", ["-c", $"{before} exec {Repository.Program} {arguments}"], []);

    /// <summary>Runs it without a host, to its end.</summary>
    public static ProgramRun Alone(string arguments)
    {
        var run = new ProgramRun(null, null, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        run.Wait();
        return run;
    }

    /// <summary>Runs it on a host, to its end.</summary>
    public static ProgramRun ToEnd(FakeHost host, string arguments)
    {
        var run = Start(host, arguments);
        run.Wait();
        return run;
    }

    public bool HasEnded => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>All that it said; waits for its end.</summary>
    public string Messages => _messages.Result;

    /// <summary>What it has said until now.</summary>
    public string MessagesSoFar
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    public JsonElement Report
    {
        get
        {
            using var document = JsonDocument.Parse(File.ReadAllText(_reportPath));
            return document.RootElement.Clone();
        }
    }

    public JsonElement Head => Report.GetProperty("heads")[0];

    /// <summary>A count of the first head's.</summary>
    public long Number(string field) => Head.GetProperty(field).GetInt64();

    /// <summary>Waits until it has said that.</summary>
    public void WaitFor(string words)
    {
        if (!Says(words, s_patience))
            throw new TimeoutException($"guestplane did not say \"{words}\": {Messages}");
    }

    /// <summary>True when it has said that; false if it says nothing for so long.</summary>
    public bool Says(string words, TimeSpan within)
    {
        lock (_said)
            while (!_said.ToString().Contains(words, StringComparison.Ordinal))
                if (!Monitor.Wait(_said, within))
                    return false;
        return true;
    }

    /// <summary>Waits for its end; a program that hangs is a failure.</summary>
    public ProgramRun Wait()
    {
        if (_process.WaitForExit(s_patience))
            return this;
        _process.Kill();
        throw new TimeoutException($"guestplane did not end: {Messages}");
    }

    private async Task<string> Listen()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            lock (_said)
            {
                _said.AppendLine(line);
                Monitor.PulseAll(_said);
            }
        return _said.ToString();
    }

    public void Terminate() => Signal("TERM");

    /// <summary>True while the process is stopped by a signal (proc_pid_stat(5): state T).</summary>
    public bool IsStopped => File.ReadAllText($"/proc/{Id}/stat") is var stat && stat[stat.LastIndexOf(')') + 2] == 'T';

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, _process.Id.ToString()]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        File.Delete(_reportPath);
    }
}

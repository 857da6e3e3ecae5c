using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Guestplane.Gvt.Pattern;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Rig;

/// <summary>
/// The fixture of a class of rig tests: boots the VM once, with one scenario, and has what that left in its share.
/// Where the rig cannot be had, the tests are skipped.
/// </summary>
public abstract class RigBoot : IDisposable
{
    // sysexits.h's EX_NOPERM, by which tests/rig/image says that building an image is not for this user.
    private const int Skipped = 77;

    protected const string Emulated = "qemu", Virtual = "virtual";

    // tests/rig/boot: the VM broke.
    private const int Broken = 125;

    private static readonly string[] s_tools = ["qemu-system-x86_64", "mmdebstrap", "gcc"];

    private readonly string _suite, _scenario;
    private readonly int _seconds;
    private readonly string[] _qemu;
    private readonly string _share = Directory.CreateTempSubdirectory("guestplane-rig-").FullName;
    private Task<string?>? _booted;
    private bool _hasVirtualClock;

    /// <param name="suite">The Debian in the VM.</param>
    /// <param name="scenario">A script of tests/rig/scenarios.</param>
    /// <param name="seconds">It may take so long from power on, by its own clock, and also by this machine's: several times what it takes.</param>
    /// <param name="qemu">More devices for the VM.</param>
    protected RigBoot(string suite, string scenario, int seconds, params string[] qemu) =>
        (_suite, _scenario, _seconds, _qemu) = (suite, scenario, seconds, qemu);

    /// <summary>What runs the kernel (RIG_MACHINE of tests/rig/README.md): user-mode Linux, unless the scenario needs devices of QEMU.</summary>
    protected virtual string Machine => _qemu.Length > 0 ? Emulated : "uml";

    /// <summary>Its clock, in user-mode Linux (RIG_CLOCK of tests/rig/README.md).</summary>
    protected virtual string Clock => Virtual;

    /// <summary>Who is PID 1 in the VM: tests/rig/README.md.</summary>
    protected virtual string Init => "none";

    /// <summary>Lays into the share what the scenario needs besides the program and the driver.</summary>
    protected virtual Task Prepare(string share) => Task.CompletedTask;

    public void Dispose()
    {
        Directory.Delete(_share, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// For the constructor of each test class: the first test that is run boots the VM. Explicit tests, which are not, have a fixture
    /// too.
    /// </summary>
    public void BootOrSkip()
    {
        _booted ??= Task.Run(BootOnce);
        if (_booted.GetAwaiter().GetResult() is { } reason)
            Assert.Skip(reason);
    }

    /// <summary>The report of a run (doc/report.md).</summary>
    public JsonElement Report(string name) => JsonDocument.Parse(Text($"{name}.json")).RootElement;

    /// <summary>The only head of the guests here.</summary>
    public JsonElement Head(string name) => Report(name).GetProperty("heads")[0];

    public int ExitCode(string name) => Number($"{name}.rc");

    /// <summary>What a run wrote to standard error.</summary>
    public string Messages(string name) => Text($"{name}.err");

    public bool Exists(string file) => File.Exists(PathOf(file));

    /// <summary>A file that the scenario left in its share.</summary>
    public string Text(string file)
    {
        if (!Exists(file))
            Assert.Fail($"{_scenario} on {_suite} left no {file}.{Logs()}");
        return File.ReadAllText(PathOf(file));
    }

    public byte[] Bytes(string file) => File.ReadAllBytes(PathOf(file));

    public int Number(string file) => int.Parse(Text(file));

    public int[] Numbers(string file) => [.. Text(file).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    internal Png Png(string file)
    {
        if (!Exists(file))
            Assert.Fail($"{_scenario} on {_suite} left no {file}.{Logs()}");
        return Tests.Png.Read(PathOf(file));
    }

    /// <summary>The number of the frame on a screenshot.</summary>
    public uint Frame(string file)
    {
        var frame = BarCode.Read(Png(file).IsWhite);
        Assert.True(frame is not null, $"{file} shows no bar code");
        return frame.Value;
    }

    /// <summary>What the rig lacks on this machine; null when it can be had.</summary>
    protected virtual string? Missing() => MissingTools();

    /// <inheritdoc cref="Missing"/>
    internal static string? MissingTools()
    {
        if (!File.Exists(Repository.Program))
            return "The rig runs the NativeAOT program, which is not built: ./run --build-only";
        var missing = s_tools.Where(tool => !Tools.Has(tool)).ToList();
        return missing.Count == 0 ? null
            : $"The rig needs {string.Join(", ", missing)}: install what tests/rig/image --host-packages prints";
    }

    /// <summary>For tests of time: skips one if QEMU had to run the scenario, which has no virtual clock.</summary>
    public void SkipWithoutVirtualClock() => Assert.SkipUnless(_hasVirtualClock, "QEMU ran it, on a real clock, and so its times depend on this machine");

    /// <returns>Why the rig cannot be had; null when it has booted.</returns>
    private async Task<string?> BootOnce()
    {
        if (Missing() is { } missing)
            return missing;
        await PutIn();
        // A kernel may break on its own way up, before anything of ours runs; user-mode Linux on a machine that does not allow it.
        var (skip, isUp, first) = await Boot(Machine);
        var second = "";
        _hasVirtualClock = isUp && Machine != Emulated && Clock == Virtual;
        if (!isUp)
            (skip, isUp, second) = await Boot(Emulated);
        Assert.True(isUp, $"{_scenario} on {_suite}: the machine did not come up.\n{first}{second}{Logs()}");
        return skip;
    }

    private async Task PutIn()
    {
        File.Copy(Repository.Program, Path.Combine(_share, "guestplane"));
        File.Copy(Path.Combine(Repository.Rig, "scenarios", _scenario), Path.Combine(_share, _scenario));
        var (status, said) = await Tools.Script(new(Path.Combine(Repository.Rig, "driver", "build"), [Path.Combine(_share, "mbochs-driver")]));
        Assert.True(status == 0, $"mbochs-driver does not compile:\n{said}");
        await Prepare(_share);
    }

    /// <returns>Why the rig cannot be had, whether the kernel came up, and what was said.</returns>
    private async Task<(string? Skip, bool IsUp, string Said)> Boot(string machine)
    {
        using var processors = await Processors.Take(_scenario, machine == Emulated);
        var time = Stopwatch.StartNew();
        var start = new ProcessStartInfo(Path.Combine(Repository.Rig, "boot"), [_suite, _share, _scenario, .. _qemu]);
        (string, string)[] settings =
        [
            ("RIG_TIMEOUT", $"{_seconds}"), ("RIG_INIT", Init), ("RIG_MACHINE", machine), ("RIG_CLOCK", Clock), ("RIG_CPUS", "1"), ("RIG_AT_ONCE", $"{Processors.Most}"),
        ];
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var (status, said) = await Tools.Script(start);
        var isUp = File.Exists(PathOf(".rig-up"));
        if (status == Skipped && !isUp)
            return ($"No image for the rig: {said.Trim()}", IsUp: true, said);
        if (status != 0 && (isUp || status != Broken))
            Assert.Fail($"{_scenario} on {_suite}: the boot ended with {status}.\n{said}{Logs()}");
        if (status == 0 && Environment.GetEnvironmentVariable("RIG_TIMES") is { } times)
            lock (s_tools)
                File.AppendAllText(times, $"{time.Elapsed.TotalSeconds:0} {_scenario} {_suite} {CpuSeconds():0}\n");
        return (null, isUp, said);
    }

    // What bash's times says of the VM: "1m2.345s 0m1.234s", in user mode and in the kernel.
    private double CpuSeconds() => Exists(".rig-cpu")
        ? Regex.Matches(Text(".rig-cpu"), @"(\d+)m([\d.]+)s").Sum(part => int.Parse(part.Groups[1].Value) * 60 + double.Parse(part.Groups[2].Value))
        : 0;

    private string Logs() => End("script.log") + End("console.log");

    private string End(string log) =>
        Exists(log) ? $"\n---- the end of {log}:\n{string.Join('\n', File.ReadLines(PathOf(log)).TakeLast(30))}" : "";

    private string PathOf(string file) => Path.Combine(_share, file);
}

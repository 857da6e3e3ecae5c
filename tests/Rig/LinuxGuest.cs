using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Rig;

/// <summary>
/// The rig's Debian as an ordinary VM of this machine's QEMU, with a card of two outputs, a tablet, a keyboard and an agent for the
/// clipboard. It is booted once for a class of tests. What it does in it is said by scenarios/linux-guest.sh.
/// </summary>
public sealed class LinuxGuest : IAsyncLifetime
{
    public const string Scenario = "linux-guest.sh";

    /// <summary>sysexits.h's EX_NOPERM, by which tests/rig/image says that building an image is not for this user.</summary>
    private const int Skipped = 77;

    /// <summary>Begins the line that ends an answer.</summary>
    private const char EndOfAnswer = '\u0004';

    /// <summary>Building the image takes minutes; a desktop in an emulated machine on a busy one, too.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(15);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-guest-");
    private readonly List<IDisposable> _connections = [];
    private Processors? _processors;
    private Process? _boot;
    private Task<string>? _said;
    private StreamReader? _answers;
    private StreamWriter? _lines;
    private QemuMonitor? _monitor;
    private string? _skip;
    private bool _hasDesktop;

    /// <summary>For guestplane.</summary>
    public string QmpPath => Path.Combine(_folder.FullName, "qmp");

    private string Share => Path.Combine(_folder.FullName, "share");

    private string MonitorPath => Path.Combine(_folder.FullName, "monitor");

    private string PortPath => Path.Combine(_folder.FullName, "port");

    public async ValueTask InitializeAsync()
    {
        _skip = RigBoot.MissingTools();
        if (_skip is not null)
            return;
        Directory.CreateDirectory(Share);
        File.Copy(Path.Combine(Repository.Rig, "scenarios", Scenario), Path.Combine(Share, Scenario));
        using var port = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        port.Bind(new UnixDomainSocketEndPoint(PortPath));
        port.Listen();
        _processors = await Processors.Take(Scenario, isEmulated: true);
        try
        {
            await Boot(port);
        }
        catch
        {
            // Also if nobody disposes of a fixture that failed: others wait for them.
            _processors.Dispose();
            _processors = null;
            throw;
        }
    }

    /// <summary>For the constructor of a test class: what a fixture cannot do.</summary>
    public void SkipIfMissing()
    {
        if (_skip is not null)
            Assert.Skip(_skip);
    }

    /// <summary>Runs a line of bash in the VM, which must go well.</summary>
    /// <returns>What it prints.</returns>
    public string Run(string line)
    {
        _lines!.WriteLine(line);
        return Answer(line);
    }

    /// <summary>Until it is up and listens.</summary>
    public void AwaitBoot()
    {
        Answer("the boot");
        _hasDesktop = false;
    }

    /// <summary>Starts its desktop, if it is not there.</summary>
    public void StartDesktop()
    {
        if (!_hasDesktop)
            Run("desktop_start");
        _hasDesktop = true;
    }

    /// <summary>Starts, in a VM that has no desktop, one that takes each mode its output prefers.</summary>
    public void StartFollowingDesktop() => Run("following_desktop_start");

    /// <summary>A command of QMP's.</summary>
    public JsonElement Execute(string command) => _monitor!.Execute(command);

    /// <summary>What an output shows, by QEMU's own word; of the pointer it knows nothing.</summary>
    internal Png Screendump(int head = 0) => _monitor!.Screendump(Path.Combine(_folder.FullName, "screendump.png"), "card", head);

    /// <summary>The preferred mode of an output, of which the kernel knows when somebody asks: "900x620".</summary>
    public string PreferredMode(int head)
    {
        var connector = $"/sys/class/drm/card*-Virtual-{head + 1}";
        return Run($"echo detect >$(echo {connector}/status); head -n 1 {connector}/modes").TrimEnd();
    }

    /// <summary>Asks again and again until it is so.</summary>
    public static Task Until(Func<bool> isSo, Func<string> state) => Tools.Until(isSo, state, TimeSpan.FromMinutes(3));

    public ValueTask DisposeAsync()
    {
        if (_boot is { HasExited: false })
        {
            _boot.Kill(entireProcessTree: true);
            _boot.WaitForExit();
        }
        _connections.ForEach(connection => connection.Dispose());
        _boot?.Dispose();
        _processors?.Dispose();
        _folder.Delete(recursive: true);
        return default;
    }

    private async Task Boot(Socket port)
    {
        (_boot, _said) = Launch();
        var end = _boot.WaitForExitAsync(TestContext.Current.CancellationToken);
        var connection = port.AcceptAsync(TestContext.Current.CancellationToken).AsTask();
        if (await Task.WhenAny(end, connection) == end)
        {
            _skip = _boot.ExitCode == Skipped ? $"No image for the rig: {(await _said).Trim()}" : null;
            Assert.SkipWhen(_skip is not null, _skip ?? "");
            Assert.Fail($"The boot ended with {_boot.ExitCode}: {await _said}");
        }
        (_answers, _lines) = Talk(await connection);
        AwaitBoot();
        var monitor = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        monitor.Connect(new UnixDomainSocketEndPoint(MonitorPath));
        var (answers, commands) = Talk(monitor);
        _monitor = new(commands, answers, () => _said.IsCompleted ? _said.Result : "it does not answer");
        Assert.Contains("QMP", answers.ReadLine(), StringComparison.Ordinal);
        _monitor.Execute("qmp_capabilities");
    }

    private (Process, Task<string>) Launch()
    {
        string[] devices =
        [
            "-name", "linux-guest", "-action", "reboot=reset",
            "-D", Path.Combine(Share, "qemu.log"), "-trace", "vdagent*", "-trace", "clipboard*", "-trace", "dbus_clipboard*",
            "-qmp", $"unix:{QmpPath},server=on,wait=off", "-qmp", $"unix:{MonitorPath},server=on,wait=off",
            "-device", "virtio-vga,max_outputs=2,id=card", "-device", "virtio-tablet-pci", "-device", "virtio-keyboard-pci",
            "-device", "virtio-serial-pci",
            "-chardev", $"socket,id=port,path={PortPath}", "-device", "virtserialport,chardev=port,name=guestplane",
            "-chardev", "qemu-vdagent,id=agent,name=vdagent,clipboard=on,mouse=off", "-device", "virtserialport,chardev=agent,name=com.redhat.spice.0",
        ];
        var start = new ProcessStartInfo(Path.Combine(Repository.Rig, "boot"), ["forky", Share, Scenario, .. devices])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in new[] { ("RIG_DISPLAY", "dbus,p2p=yes"), ("RIG_MEMORY", "1024"), ("RIG_CPUS", "1"), ("RIG_TIMEOUT", "1600") })
            start.Environment[name] = value;
        var boot = Process.Start(start)!;
        return (boot, boot.StandardError.ReadToEndAsync());
    }

    private (StreamReader, StreamWriter) Talk(Socket socket)
    {
        socket.ReceiveTimeout = (int)s_patience.TotalMilliseconds;
        var stream = new NetworkStream(socket, ownsSocket: true);
        _connections.Add(stream);
        return (new(stream), new(stream) { AutoFlush = true });
    }

    private string Answer(string line)
    {
        var lines = new List<string>();
        while (_answers!.ReadLine() is { } said)
            if (!said.StartsWith(EndOfAnswer))
                lines.Add(said);
            else
            {
                Assert.True(said[1..] == "0", $"{line}: status {said[1..]}, {string.Join('\n', lines)}{Logs()}");
                return string.Join('\n', lines);
            }
        throw new IOException($"the VM is gone at: {line}{Logs()}");
    }

    /// <summary>What its programs and QEMU said last.</summary>
    public string Logs() => string.Concat(Directory.GetFiles(Share, "*.log").Select(log => $"\n---- the end of {log}:\n{string.Join('\n', File.ReadLines(log).TakeLast(20))}"));
}

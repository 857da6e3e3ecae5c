using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Guestplane.Tests.Hosts;

/// <summary>This machine's own QEMU, with firmware and without a guest of its own, interpreted: it needs no KVM.</summary>
internal sealed class RealQemu : IDisposable
{
    private const string Program = "qemu-system-x86_64", P2p = "dbus,p2p=yes";
    private const int TextMemory = 0xb8000, TextColumns = 80, TextRows = 25;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-qemu-");
    private readonly List<string> _arguments;
    private Process _process;
    private Task<string> _log;
    private QemuMonitor _monitor;
    private bool _isUp;

    /// <param name="arguments">Devices and the like, in one line.</param>
    /// <param name="display">Its -display.</param>
    /// <param name="bootSector">What it boots from a disk; null: the firmware finds nothing.</param>
    public RealQemu(string arguments = "-vga std", string display = P2p, byte[]? bootSector = null)
    {
        Assert.SkipUnless(Tools.Has(Program), $"{Program} is not installed");
        _arguments = ["-accel", "tcg", "-m", "32", "-name", "realqemu", "-nodefaults", "-no-user-config", "-display", display, "-qmp", "stdio",
            "-qmp", $"unix:{QmpPath},server=on,wait=off", "-qtest", $"unix:{QtestPath},server=on,wait=off", "-qtest-log", "none",
            "-D", TracePath, "-trace", "enable=input_event_*", .. arguments.Split(' ')];
        if (bootSector is not null)
        {
            var disk = Path.Combine(_folder.FullName, "disk");
            File.WriteAllBytes(disk, bootSector);
            _arguments.AddRange(["-drive", $"file={disk},format=raw,if=ide,snapshot=on"]);
        }
        (_process, _log, _monitor) = Launch();
    }

    public int Id => _process.Id;

    /// <summary>For guestplane; ours is another.</summary>
    public string QmpPath => Path.Combine(_folder.FullName, "qmp");

    /// <summary>For <see cref="Qtest"/>.</summary>
    public string QtestPath => Path.Combine(_folder.FullName, "qtest");

    private string TracePath => Path.Combine(_folder.FullName, "trace");

    /// <summary>A command of QMP's.</summary>
    public JsonElement Execute(string command, object? arguments = null) => _monitor.Execute(command, arguments);

    /// <summary>A command for people.</summary>
    public string Monitor(string command) => Execute("human-monitor-command", new Dictionary<string, object> { ["command-line"] = command }).GetString()!;

    /// <summary>What a display shows, by its own word.</summary>
    /// <param name="device">The display device's id; null: the first.</param>
    public Png Screendump(string? device = null) => _monitor.Screendump(Path.Combine(_folder.FullName, "screendump.png"), device);

    /// <summary>The characters of VGA's text mode, rows without what is blank at their ends.</summary>
    public string Text()
    {
        var file = Path.Combine(_folder.FullName, "text");
        Execute("pmemsave", new { val = TextMemory, size = TextColumns * TextRows * 2, filename = file });
        var cells = File.ReadAllBytes(file);
        var rows = Enumerable.Range(0, TextRows).Select(row => string.Concat(
            Enumerable.Range(0, TextColumns).Select(column => (char)cells[(row * TextColumns + column) * 2])).TrimEnd(' ', '\0'));
        return string.Join('\n', rows).TrimEnd('\n');
    }

    /// <summary>The trace events since it was started, a line each, as "input_event_btn con 0, button 0, down 1".</summary>
    public string[] Trace()
    {
        if (!File.Exists(TracePath))
            return [];
        using var file = new FileStream(TracePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, Encoding.ASCII);
        // A line that is being written has no end yet.
        return [.. reader.ReadToEnd().Split('\n').SkipLast(1).Select(line => line[(line.IndexOf(':') + 1)..])];
    }

    /// <summary>At once, as by kill -9.</summary>
    public void Kill()
    {
        if (!_isUp)
            return;
        _isUp = false;
        _process.Kill();
        _process.WaitForExit();
        _log.Wait(Tools.Patience);
        _process.Dispose();
    }

    /// <summary>Another one in its place, after <see cref="Kill"/>.</summary>
    public void Restart() => (_process, _log, _monitor) = Launch();

    public void Dispose()
    {
        Kill();
        _folder.Delete(recursive: true);
    }

    private (Process, Task<string>, QemuMonitor) Launch()
    {
        _process = Process.Start(new ProcessStartInfo(Program, _arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        (_log, _isUp) = (_process.StandardError.ReadToEndAsync(), true);
        // Its greeting; then all of its sockets are there.
        if (_process.StandardOutput.ReadLine() is null)
        {
            var log = _log.Result;
            Assert.SkipWhen(log.Contains("value 'dbus'", StringComparison.Ordinal) || log.Contains("'dbus' is not available", StringComparison.Ordinal),
                $"this QEMU has no D-Bus display: {log}");
            Assert.Fail($"{Program}: {log}");
        }
        _monitor = new(_process.StandardInput, _process.StandardOutput, () => _log.Result);
        Execute("qmp_capabilities");
        return (_process, _log, _monitor);
    }
}

using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>A VM by its name on a message bus, which is a real one.</summary>
public sealed class QemuBusTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-bus-");
    private readonly Process _daemon;
    private readonly FakeQemu _qemu = new(QemuVm.Small(console => console.IsAbsolute = true));
    private readonly Loop _loop = new();

    public QemuBusTests()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var program = folders.Select(folder => Path.Combine(folder, "dbus-daemon")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(program is not null, "dbus-daemon is not installed");
        _daemon = Process.Start(new ProcessStartInfo(program, ["--session", "--nofork", "--print-address=1", $"--address=unix:path={BusPath}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Assert.StartsWith("unix:path=", _daemon.StandardOutput.ReadLine());
    }

    private string BusPath => Path.Combine(_folder.FullName, "bus");

    private string Source => $"qemu:bus=unix:path={BusPath}";

    public void Dispose()
    {
        _qemu.Dispose();
        _loop.Dispose();
        _daemon.Kill();
        _daemon.WaitForExit();
        _daemon.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void It_is_shown_and_gets_its_input()
    {
        _qemu.JoinBus(BusPath);
        using var guest = QemuGuest.Open(Source, _loop);
        var flips = 0;
        guest.Heads[0].Flipped += _ => flips++;
        guest.Start(_loop);
        Turn(() => flips > 0);
        guest.Heads[0].Input!.MoveTo(5, 6);
        Turn(() => _qemu.Input.Contains(new QemuPosition(0, 5, 6)));
        _qemu.Console.SetAbsolute(false);
        Turn(() => !guest.Heads[0].Input!.IsAbsolute);
        Assert.Empty(_qemu.Violations);
    }

    [Fact]
    public void One_that_leaves_the_bus_is_lost_and_found_again()
    {
        _qemu.JoinBus(BusPath);
        using var guest = QemuGuest.Open(Source, _loop);
        var (lost, returns) = (0, 0);
        guest.Lost += _ => lost++;
        guest.Returned += () => returns++;
        guest.Start(_loop);
        Turn(() => _qemu.Console.Listeners == 1);
        _qemu.Die();
        Turn(() => lost == 1);
        guest.Return();
        _qemu.JoinBus(BusPath);
        Turn(() => returns == 1 && _qemu.Console.Listeners == 1);
        Assert.Equal(1, lost);
    }

    [Fact]
    public void A_bus_without_a_VM_is_said_with_the_remedy()
    {
        var refused = Assert.Throws<SourceException>(() => QemuGuest.Open(Source, _loop));
        Assert.Contains("start QEMU with -display dbus", refused.Message, StringComparison.Ordinal);
    }

    private void Turn(Func<bool> until)
    {
        var since = Stopwatch.StartNew();
        while (!until())
        {
            Assert.True(since.Elapsed < s_patience, "it did not come in time");
            _loop.Turn(5_000_000);
        }
    }
}

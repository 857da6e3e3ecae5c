using System.Diagnostics;
using System.Net.Sockets;
using Guestplane.Compositor;
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
    public void A_VM_on_a_bus_is_shown_and_gets_input()
    {
        _qemu.JoinBus(BusPath);
        using var guest = QemuVm.Open(Source, _loop);
        var flips = 0;
        guest.Heads[0].Flipped += _ => flips++;
        guest.Start();
        Turn(() => flips > 0);
        guest.Heads[0].Input!.MoveTo(5, 6);
        Turn(() => _qemu.Input.Contains(new QemuPosition(0, 5, 6)));
        _qemu.Console.SetAbsolute(false);
        Turn(() => !guest.Heads[0].Input!.IsAbsolute);
        Assert.Empty(_qemu.Violations);
    }

    [Fact]
    public void A_VM_that_leaves_the_bus_is_reported_lost_and_found_again()
    {
        _qemu.JoinBus(BusPath);
        using var guest = QemuVm.Open(Source, _loop, waits: true);
        var changes = new List<GuestState>();
        guest.Changed += () => changes.Add(guest.State);
        guest.Start();
        Turn(() => _qemu.Console.Listeners == 1);
        _qemu.Die();
        Turn(() => changes.Count == 1);
        _qemu.JoinBus(BusPath);
        Turn(() => changes.Count == 2 && _qemu.Console.Listeners == 1);
        Assert.Equal([GuestState.Away, GuestState.Here], changes);
    }

    /// <summary>The list is there and unread: what we ask the bus for next cannot be sent.</summary>
    [Fact]
    public void A_bus_that_ends_before_its_VMs_consoles_are_read_is_one_sentence()
    {
        _qemu.JoinBus(BusPath);
        using var bus = Guestplane.Linux.DBus.Bus.Open($"unix:path={BusPath}");
        using var handle = new SafeSocketHandle(Guestplane.Linux.DBus.Sdbus.sd_bus_get_fd(bus.Handle), ownsHandle: false);
        using var socket = new Socket(handle);
        using var connection = QemuConnection.OnBus(_loop, bus, BusVmChoice.First());
        var (fails, isReady) = (new List<string>(), false);
        connection.Failed += fails.Add;
        connection.Ready += () => isReady = true;
        using var isAsked = new ManualResetEventSlim();
        using var mayAnswer = new ManualResetEventSlim();
        _qemu.Faults.When(QemuStage.GetManagedObjects, () =>
        {
            isAsked.Set();
            mayAnswer.Wait(s_patience);
        });
        connection.Start();
        Turn(() => isAsked.IsSet);
        mayAnswer.Set();
        Assert.True(SpinWait.SpinUntil(() => socket.Available > 0, s_patience));
        _daemon.Kill();
        _daemon.WaitForExit();
        Turn(() => fails.Count > 0);
        Turn(() => bus.IsClosed);
        Assert.Equal("the connection to the VM's display was closed (Connection reset by peer)", Assert.Single(fails));
        Assert.False(isReady);
    }

    [Fact]
    public void A_bus_without_a_VM_is_reported_with_the_remedy()
    {
        var refused = Assert.Throws<SourceException>(() => QemuVm.Open(Source, _loop));
        Assert.Contains("start QEMU with -display dbus", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_of_several_VMs_is_reached_by_its_name_or_UUID()
    {
        const string Uuid = "0a0b0c0d-0000-4000-8000-000000000001";
        using var second = new FakeQemu(new QemuSetup { Name = "tag=beta, the \"2nd\"", Uuid = Uuid });
        _qemu.JoinBus(BusPath);
        second.JoinBus(BusPath);
        foreach (var (words, qemu) in new[] { ("", _qemu), (",name=fake", _qemu), (",name=tag=beta, the \"2nd\"", second), ($",uuid={Uuid}", second) })
        {
            using var guest = QemuVm.Open(Source + words, _loop);
            guest.Start();
            Turn(() => qemu.Console.Listeners == 1);
            Assert.Equal(qemu.Setup.Name, guest.Title);
        }
        var refused = Assert.Throws<SourceException>(() => QemuVm.Open($"{Source},name=gamma", _loop));
        Assert.Contains("no VM on the bus is named \"gamma\" (there are: \"fake\" (pid ", refused.Message, StringComparison.Ordinal);
        Assert.Contains($", UUID {Uuid}).", refused.Message.Replace("))", ")", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_two_VMs_have_is_not_enough()
    {
        using var second = new FakeQemu(QemuVm.Small());
        _qemu.JoinBus(BusPath);
        second.JoinBus(BusPath);
        var refused = Assert.Throws<SourceException>(() => QemuVm.Open($"{Source},name=fake", _loop));
        Assert.Contains("several VMs on the bus are named \"fake\": write qemu:uuid=UUID or qemu:pid=PID", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The second VM then owns the name; it has the same name and UUID, as VMs have that were given none.</summary>
    [Fact]
    public void A_VM_that_is_gone_is_not_the_next_one_in_the_queue()
    {
        using var second = new FakeQemu(QemuVm.Small());
        _qemu.JoinBus(BusPath);
        second.JoinBus(BusPath);
        using var guest = QemuVm.Open(Source, _loop, waits: true);
        guest.Start();
        Turn(() => _qemu.Console.Listeners == 1);
        _qemu.Die();
        Turn(() => guest.State == GuestState.Away);
        var attempts = second.Calls("GetAll");
        Turn(() => second.Calls("GetAll") >= attempts + 2);
        Assert.Equal((GuestState.Away, 0), (guest.State, second.Console.ListenersRegistered));
        _qemu.JoinBus(BusPath);
        Turn(() => guest.State == GuestState.Here && _qemu.Console.Listeners == 1);
    }

    [Fact]
    public void A_VM_that_hangs_is_no_hindrance_to_another()
    {
        using var second = new FakeQemu(new QemuSetup { Name = "beta" });
        _qemu.JoinBus(BusPath);
        second.JoinBus(BusPath);
        _qemu.Pause(true);
        using var guest = QemuVm.Open($"{Source},name=beta", _loop);
        guest.Start();
        Turn(() => second.Console.Listeners == 1);
    }

    /// <summary>Of input only nothing else says so: there is no listener whose connection ends.</summary>
    [Fact]
    public void Input_without_images_ends_with_the_VM()
    {
        _qemu.JoinBus(BusPath);
        using var guest = new QemuGuest(QemuSource.Parse(Source, null), _loop, use: QemuUse.InputOnly);
        var (isOpen, lost) = (false, "");
        guest.Lost += sentence => lost = sentence;
        guest.Open(problem => isOpen = problem is null);
        Turn(() => isOpen);
        guest.Start(_loop);
        _qemu.Die();
        Turn(() => lost.Length > 0);
        Assert.Equal($"{Source} takes no input any more: the VM has left the bus.", lost);
    }

    /// <summary>The bus passes on what any of its clients sends to another one.</summary>
    [Fact]
    public void What_another_program_on_the_bus_says_changes_nothing()
    {
        const string Ours = ":1.1", Clipboard = "org.qemu.Display1.Clipboard";
        _qemu.JoinBus(BusPath);
        using var guest = QemuVm.Open(Source, _loop);
        guest.Start();
        Turn(() => _qemu.Console.Listeners == 1);
        Assert.True(guest.Heads[0].Input!.IsAbsolute);
        using var stranger = new FakeQemu(QemuVm.Small());
        stranger.JoinBus(BusPath);
        stranger.SendRaw(new QemuRawMessage
        {
            Type = 4,
            Destination = Ours,
            Path = _qemu.Console.Path,
            Interface = "org.freedesktop.DBus.Properties",
            Member = "PropertiesChanged",
            Signature = "sa{sv}as",
            Body = QemuRawMessage.Marshal("sa{sv}as", "org.qemu.Display1.Mouse",
                new List<DBusEntry> { new("IsAbsolute", new DBusVariant("b", false)) }, new List<object>()),
        });
        // Its next message is behind the signal.
        var (answers, isTaken) = (0, true);
        stranger.CallOnBus(Ours, FakeQemu.Root + "/Clipboard", Clipboard, "Register", taken => (answers, isTaken) = (1, taken));
        Turn(() => Volatile.Read(ref answers) == 1);
        Assert.False(isTaken);
        Assert.True(guest.Heads[0].Input!.IsAbsolute);
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

using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The image from one source, and --input from another, by the program itself.</summary>
public sealed class InputSourceTests : IDisposable
{
    // linux/input-event-codes.h.
    private const uint A = 30, S = 31, Left = 0x110;
    private const int Usage = 64, NoSource = 66;

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-input-");
    private readonly FakeHost _host;
    private readonly FakeQemu _qemu = new(new QemuSetup { Consoles = [new() { Width = 128, Height = 96, IsAbsolute = true }] });
    private readonly FakeQmp _qmp;

    public InputSourceTests()
    {
        var setup = new HostSetup(Repository.Protocols) { KeyboardPresent = true, TouchPresent = true };
        foreach (var name in new[] { "zwp_pointer_constraints_v1", "zwp_relative_pointer_manager_v1" })
            setup.With(name, 1);
        _host = new FakeHost(setup);
        _qmp = new FakeQmp(_qemu, Path.Combine(_folder.FullName, "qmp"));
    }

    private string ByDBus => $"qemu:qmp={_qmp.SocketPath}";

    private string ByQmp => $"qmp:{_qmp.SocketPath}";

    public void Dispose()
    {
        _host.Dispose();
        _qemu.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Keys_and_pointer_go_to_the_VM_whose_images_are_not_asked_for()
    {
        using var run = Show(ByDBus);
        WaitQemu(q => q.HasClient);
        // Console pixels: the VM's console is half as large as the image.
        _host.PointerEnter(Root.Id, 100, 50);
        _host.PointerButton(Left, true);
        _host.PointerButton(Left, false);
        _host.KeyboardEnter(Root.Id);
        _host.Key(A, true);
        _host.Key(A, false);
        WaitQemu(q => q.Input.Count >= 5);
        Assert.Equal(
            [
                new QemuPosition(0, 50, 25), new QemuButton(0, 0, true), new QemuButton(0, 0, false), new QemuKey(0, 0x1e, true),
                new QemuKey(0, 0x1e, false),
            ],
            _qemu.Input);
        Assert.Equal(0, _qemu.Console.ListenersRegistered);
        End(run);
    }

    [Fact]
    public void A_QMP_socket_alone_takes_keys_pointer_and_wheel_in_order()
    {
        using var run = Show(ByQmp);
        Wait(() => _qmp.Commands.Contains("query-mice"));
        _host.PointerEnter(Root.Id, 128, 0);
        _host.PointerButton(Left, true);
        _host.PointerButton(Left, false);
        _host.PointerWheel(120);
        _host.KeyboardEnter(Root.Id);
        _host.Key(A, true);
        _host.Key(A, false);
        Wait(() => _qmp.Events.Count == 8);
        // The centre of pixel 128 of 256, and of line 0 of 192.
        Assert.Equal(
            [
                Abs("x", (128 * 2 + 1) * 0x8000 / 2 / 256), Abs("y", 0x8000 / 2 / 192), Button("left", true), Button("left", false),
                Button("wheel-down", true), Button("wheel-down", false), Key(0x1e, true), Key(0x1e, false),
            ],
            _qmp.Events);
        Assert.DoesNotContain("add_client", _qmp.Commands);
        End(run);
    }

    [Fact]
    public void A_pointer_that_becomes_relative_is_grabbed_and_moved()
    {
        using var run = Show(ByQmp);
        _qmp.IsAbsolute = false;
        // Asked each second: QMP has no event for it.
        _host.KeyboardEnter(Root.Id);
        _host.PointerEnter(Root.Id, 5, 5);
        Wait(() =>
        {
            _host.PointerButton(Left, true);
            _host.PointerButton(Left, false);
            return _host.IsPointerLocked;
        });
        _host.PointerMoveBy(3, -4);
        // The last of the clicks may be the VM's.
        Wait(() => _qmp.Events.TakeLast(2).SequenceEqual([Rel("x", 3), Rel("y", -4)]));
        End(run);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fingers_go_by_QMP_where_QEMU_has_them(bool isBefore81)
    {
        _qmp.IsBefore81 = isBefore81;
        using var run = Show(ByQmp, "--touch touch");
        Wait(() => _qmp.Commands.Contains("query-mice"));
        _host.TouchDown(Root.Id, 0, 64, 48);
        _host.TouchUp(0);
        if (isBefore81)
        {
            // Refused once; from then on a finger is a pointer.
            Wait(() =>
            {
                _host.TouchDown(Root.Id, 0, 64, 48);
                _host.TouchUp(0);
                return _qmp.Events.Contains(Button("left", false));
            });
        }
        else
        {
            Wait(() => _qmp.Events.Contains(Button("touch", false)));
            Assert.Equal("begin data data end".Split(' '), _qmp.Events.Where(sent => sent.Contains("mtt", StringComparison.Ordinal))
                .Select(sent => sent.Split("\"type\":\"")[2].Split('"')[0]));
        }
        End(run);
    }

    [Fact]
    public void The_right_consoles_devices_are_named()
    {
        using var run = ShowByQmp("--console 0");
        _host.Key(A, true);
        Wait(() => _qmp.Events.Contains("video0:" + Key(0x1e, true)));
        End(run);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_VM_that_ends_ends_only_the_input_and_takes_it_again_when_it_is_back(bool byQmp)
    {
        var source = byQmp ? ByQmp : ByDBus;
        using var run = Show(source);
        Wait(() => byQmp ? _qmp.Commands.Contains("query-mice") : _qemu.HasClient);
        _host.KeyboardEnter(Root.Id);
        if (byQmp)
            _qmp.Hangup();
        else
            _qemu.Die();
        run.WaitFor($"{source} takes no input any more: ");
        run.WaitFor($"{source} is back.");
        var commits = _host.TotalCommits;
        _host.Key(A, true);
        Wait(() => byQmp ? _qmp.Events.Contains(Key(0x1e, true)) : _qemu.Input.Contains(new QemuKey(0, 0x1e, true)));
        Assert.True(_host.WaitUntil(h => h.TotalCommits > commits, s_soon));
        End(run);
        Assert.Single(run.Messages.Split('\n'), line => line.Contains("any more", StringComparison.Ordinal));
    }

    /// <summary>QMP's answer is awaited for five seconds.</summary>
    [Fact]
    public void A_key_that_was_released_while_the_VM_was_stopped_is_not_held_for_ever()
    {
        using var run = ShowByQmp();
        _host.Key(A, true);
        Wait(() => _qmp.Events.Contains(Key(0x1e, true)));
        _qmp.IsMute = true;
        run.WaitFor("does not answer: it hangs or is stopped");
        _host.Key(A, false);
        _qmp.IsMute = false;
        Wait(() => _qmp.Events[^1] == Key(0x1e, false));
        End(run);
    }

    /// <summary>One key's release would be on its way, and the other's behind it.</summary>
    [Fact]
    public void What_is_held_at_the_end_is_released()
    {
        using var run = Show(ByQmp);
        Wait(() => _qmp.Commands.Contains("query-mice"));
        _host.PointerEnter(Root.Id, 5, 5);
        _host.KeyboardEnter(Root.Id);
        _host.Key(A, true);
        _host.Key(S, true);
        _host.PointerButton(Left, true);
        Wait(() => _qmp.Events.Contains(Button("left", true)) && _qmp.Events.Contains(Key(0x1f, true)));
        End(run);
        Wait(() => new[] { Key(0x1e, false), Key(0x1f, false), Button("left", false) }.All(_qmp.Events.Contains));
    }

    /// <summary>The release is behind a command that is never answered.</summary>
    [Fact]
    public void A_button_whose_release_did_not_reach_the_VM_is_released_when_it_is_back()
    {
        using var run = Show(ByQmp);
        Wait(() => _qmp.Commands.Contains("query-mice"));
        _host.PointerEnter(Root.Id, 5, 5);
        _host.PointerButton(Left, true);
        Wait(() => _qmp.Events.Contains(Button("left", true)));
        _qmp.IsMute = true;
        _host.PointerMove(6, 6);
        _host.PointerButton(Left, false);
        run.WaitFor("does not answer: it hangs or is stopped");
        _qmp.IsMute = false;
        Wait(() => _qmp.Events[^1] == Button("left", false));
        End(run);
    }

    [Fact]
    public void A_key_beside_a_finger_that_QEMU_refuses_arrives()
    {
        _qmp.IsBefore81 = true;
        using var run = ShowByQmp("--touch touch");
        _host.Key(A, true);
        _host.TouchDown(Root.Id, 0, 64, 48);
        _host.Key(A, false);
        Wait(() => _qmp.Events.Contains(Key(0x1e, true)) && _qmp.Events[^1] == Key(0x1e, false));
        End(run);
    }

    /// <summary>Its windows go on, and so does the user.</summary>
    [Fact]
    public void What_is_released_while_the_VM_is_stopped_is_released_when_it_runs_and_it_still_has_fingers()
    {
        using var run = ShowByQmp("--touch touch");
        _host.Key(A, true);
        Wait(() => _qmp.Events.Contains(Key(0x1e, true)));
        _qmp.IsStopped = true;
        var sent = _qmp.Commands.Count(command => command == "input-send-event");
        _host.Key(A, false);
        _host.TouchDown(Root.Id, 0, 64, 48);
        _host.TouchUp(0);
        // Both were refused, and the release is tried again.
        Wait(() => _qmp.Commands.Count(command => command == "input-send-event") >= sent + 3);
        Assert.DoesNotContain(Key(0x1e, false), _qmp.Events);
        _qmp.IsStopped = false;
        Wait(() => _qmp.Events.Contains(Key(0x1e, false)));
        _host.TouchDown(Root.Id, 0, 64, 48);
        Wait(() => _qmp.Events.Any(one => one.Contains("\"mtt\"", StringComparison.Ordinal)));
        _host.TouchUp(0);
        End(run);
    }

    [Fact]
    public void A_release_that_a_stopped_VM_refused_does_not_end_the_next_press()
    {
        // It does not repeat, as A would.
        const uint LeftCtrl = 29;
        using var run = ShowByQmp("");
        _host.Key(LeftCtrl, true);
        Wait(() => _qmp.Events.Contains(Key(0x1d, true)));
        _qmp.IsStopped = true;
        _host.Key(LeftCtrl, false);
        Wait(() => _qmp.Refusals == 1);
        _qmp.IsStopped = false;
        _host.Key(LeftCtrl, true);
        Wait(() => _qmp.Events.Count(one => one == Key(0x1d, true)) == 2);
        var asked = _qmp.Commands.Count(command => command == "query-mice");
        // The time at which a refused release is sent again has come twice.
        Wait(() => _qmp.Commands.Count(command => command == "query-mice") >= asked + 2);
        Assert.Equal(Key(0x1d, true), _qmp.Events[^1]);
        End(run);
    }

    [Fact]
    public void A_console_whose_output_makes_no_sense_is_taken_for_the_first()
    {
        _qmp.HeadOfConsole = "\"x\"";
        using var run = ShowByQmp("--console 0");
        _host.Key(A, true);
        Wait(() => _qmp.Events.Contains("video0:" + Key(0x1e, true)));
        End(run);
    }

    [Fact]
    public void With_wait_the_input_may_come_later_than_the_image()
    {
        var late = Path.Combine(_folder.FullName, "late");
        using var run = Show($"qmp:{late}", "--wait");
        run.WaitFor("Waiting for it.");
        var qmp = new FakeQmp(_qemu, late);
        Wait(() => qmp.Commands.Contains("query-mice"));
        _host.KeyboardEnter(Root.Id);
        _host.Key(A, true);
        Wait(() => qmp.Events.Contains(Key(0x1e, true)));
        End(run);
    }

    [Theory]
    [InlineData("nonsense", Usage, "--input takes a qemu: or libvirt: source, qmp:PATH, auto or none, and not \"nonsense\".")]
    [InlineData("qmp:", Usage, "\"qmp:\" names no socket; use qmp:PATH or qmp:user=NAME,PATH.")]
    [InlineData("nonsense --console 1", Usage, "--input takes a qemu: or libvirt: source, qmp:PATH, auto or none, and not \"nonsense\".")]
    [InlineData("none --console 1", Usage, "--console is for qemu: and libvirt: sources, and pattern:memory=memfd is neither.")]
    [InlineData("qmp:/nonexistent", NoSource, "qmp:/nonexistent cannot be used for input: the socket /nonexistent: No such file or directory: "
        + "start QEMU with -qmp unix:/nonexistent,server=on,wait=off.")]
    public void A_source_that_takes_no_input(string source, int code, string sentence)
    {
        using var run = ProgramRun.Alone($"show pattern:memory=memfd --input {source}");
        Assert.Equal((code, $"guestplane: {sentence}"), (run.ExitCode, run.Messages.Trim()));
    }

    [Theory]
    [InlineData("show qemu: --input qmp:/x", "--input is for sources without input of their own, and qemu: has its own.")]
    [InlineData("show qmp:/x", "qmp:/x has input and no image: for the image write qemu:qmp=PATH; QEMU needs -display dbus,p2p=yes for that.")]
    public void A_source_in_the_wrong_place(string arguments, string sentence)
    {
        using var run = ProgramRun.Alone(arguments);
        Assert.Equal((Usage, $"guestplane: {sentence}"), (run.ExitCode, run.Messages.Trim()));
    }

    private HostSurfaceInfo Root => ShowTests.Root(_host)!;

    private static string Key(int qnum, bool pressed) =>
        Event("key", $"\"down\":{Word(pressed)},\"key\":{{\"type\":\"number\",\"data\":{qnum}}}");

    private static string Button(string button, bool pressed) => Event("btn", $"\"down\":{Word(pressed)},\"button\":\"{button}\"");

    private static string Abs(string axis, int value) => Event("abs", $"\"axis\":\"{axis}\",\"value\":{value}");

    private static string Rel(string axis, int value) => Event("rel", $"\"axis\":\"{axis}\",\"value\":{value}");

    private static string Event(string type, string data) => $"{{\"type\":\"{type}\",\"data\":{{{data}}}}}";

    private static string Word(bool value) => value ? "true" : "false";

    private ProgramRun Show(string input, string arguments = "")
    {
        var run = ProgramRun.Start(_host, $"show pattern:size=256x192,memory=memfd,no-cursor --input {input} {arguments}".TrimEnd());
        Assert.True(_host.WaitUntil(h => ShowTests.Primary(h) is { Parent: not null, Buffer: not null }
            && ShowTests.Root(h) is { WindowGeometry: not null, Buffer: not null }, s_soon), "not shown");
        return run;
    }

    /// <summary>By the QMP socket, which answers, and with the keyboard.</summary>
    private ProgramRun ShowByQmp(string arguments = "")
    {
        var run = Show(ByQmp, arguments);
        Wait(() => _qmp.Commands.Contains("query-mice"));
        _host.KeyboardEnter(Root.Id);
        return run;
    }

    private void WaitQemu(Func<FakeQemu, bool> condition) => Assert.True(_qemu.WaitUntil(condition, s_soon), "QEMU did not come to see it");

    private void Wait(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, s_soon), $"not in time: {string.Join(' ', _qmp.Events)}");

    private void End(ProgramRun run)
    {
        run.Terminate();
        run.Wait();
        Assert.Equal((0, ""), (run.ExitCode, string.Join('\n', _host.Violations.Select(violation => violation.Text).Concat(_qemu.Violations))));
    }
}

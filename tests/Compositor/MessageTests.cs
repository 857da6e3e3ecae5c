using System.Net.Sockets;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>What the program says to a command line that it cannot follow: the exact sentence, and the exit code.</summary>
public sealed class MessageTests
{
    private const int Failed = 1, Usage = 64, NoSource = 66, NoCompositor = 69, CannotWrite = 73;
    private const string Pattern = "pattern:memory=memfd,no-cursor";

    private const string PatternForm = "pattern[:size=WxH,format=XR24|AR24|XB24|AB24|RG16|XR30|NV12|P010|YUYV,"
        + "color=bt601|bt709|bt2020[-full],rate=HZ,buffers=N,in-place,cursor|no-cursor,memory=auto|udmabuf|heap|memfd,"
        + "fence=MS[/N],heads=N,still,polled]";

    private const string Sources = "the sources are vfio:UUID, pid:PID, fd:N, qemu:, libvirt:DOMAIN and pattern "
        + "(see guestplane show --help)";

    private const string NotSpoken = "guestplane speaks neither SPICE nor VNC: write qemu: for a VM of QEMU -display dbus, or libvirt:DOMAIN";

    private const string NoVm = "names no VM; use qemu:, qemu:NAME, qemu:uuid=UUID, qemu:pid=PID, qemu:bus=ADDRESS, qemu:qmp=PATH, "
        + "qemu:user=NAME,qmp=PATH, qemu:socket=PATH or qemu:fd=N";

    [Theory]
    [InlineData("", "Usage: guestplane COMMAND [SOURCE] [OPTIONS], where COMMAND is show, pick, kiosk, share, list, probe, scanout-test; "
        + "see guestplane --help.")]
    [InlineData("lst", "There is no command \"lst\"; did you mean list? See guestplane --help.")]
    [InlineData("Show pattern", "There is no command \"Show\"; did you mean show? See guestplane --help.")]
    [InlineData("nonsense", "There is no command \"nonsense\"; see guestplane --help.")]
    [InlineData("-X", "There is no option -X; see guestplane --help.")]
    [InlineData("show", "guestplane show needs a source, such as pattern or qemu:; see guestplane show --help.")]
    [InlineData("kiosk", "guestplane kiosk needs a source, such as pattern or qemu:; see guestplane kiosk --help.")]
    [InlineData("--fullscreen show pattern", "--fullscreen must follow guestplane show, and stand before any \"--\"; see guestplane show --help.")]
    [InlineData("show pattern -- --frames 1", "--frames must follow guestplane show, and stand before any \"--\"; see guestplane show --help.")]
    [InlineData("[suggest:abc]", "\"[suggest:abc]\" has no position: the form is [suggest:N].")]
    [InlineData("[suggest:99999999999]", "\"[suggest:99999999999]\" has no position: the form is [suggest:N].")]
    [InlineData("show --fullscren pattern", "There is no option --fullscren; did you mean --fullscreen? See guestplane show --help.")]
    [InlineData("show pattern --fullscren", "There is no option --fullscren; did you mean --fullscreen? See guestplane show --help.")]
    [InlineData("show --fullscren", "There is no option --fullscren; did you mean --fullscreen? See guestplane show --help.")]
    [InlineData("show pattern --second=5", "There is no option --second=5; did you mean --seconds? See guestplane show --help.")]
    [InlineData("probe --jso", "There is no option --jso; did you mean --json? See guestplane probe --help.")]
    [InlineData("show pattern qemu:", "\"qemu:\" is one word too many; see guestplane show --help.")]
    [InlineData("show pattern --fullscreen=5", "\"5\" is one word too many; see guestplane show --help.")]
    public void A_command_line(string arguments, string sentence) => AssertSaid(arguments, Usage, sentence);

    [Theory]
    [InlineData("show pattern --require ,", "\",\" is no requirement; the form is presented=N%,zero-copy=N%,f2c|c2p|f2p-p50|p95|p99=Nms,missed=N,transport=dmabuf|shm|copy.")]
    [InlineData("kiosk pattern --seconds", "--seconds needs a value; see guestplane kiosk --help.")]
    [InlineData("show pattern --seconds 1 --seconds 2", "--seconds is given more than once.")]
    [InlineData("show pattern --title @no-such-file --seconds abc",
        "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"abc\".")]
    [InlineData("show pattern --layout 0=A --layout 0=B", "--layout takes HEAD=OUTPUT,…, each head once, and not \"0=B\".")]
    [InlineData("show pattern --seconds abc", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"abc\".")]
    [InlineData("show pattern --seconds 0,5", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"0,5\".")]
    [InlineData("show pattern --seconds 0", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"0\".")]
    [InlineData("show pattern --seconds -1", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"-1\".")]
    [InlineData("show pattern --seconds 1e10", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"1e10\".")]
    [InlineData("show pattern --seconds NaN", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"NaN\".")]
    [InlineData("probe --seconds x", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"x\".")]
    [InlineData("scanout-test --seconds x", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"x\".")]
    [InlineData("show pattern --frames 0", "--frames takes a whole number from 1 to 1000000000, and not \"0\".")]
    [InlineData("show pattern --frames 2.5", "--frames takes a whole number from 1 to 1000000000, and not \"2.5\".")]
    [InlineData("show qemu: --console VGA", "--console takes a whole number from 0 to 1000000000, and not \"VGA\".")]
    [InlineData("show qemu: --console -1", "--console takes a whole number from 0 to 1000000000, and not \"-1\".")]
    [InlineData("show pattern --ready-fd foo", "--ready-fd takes a whole number from 0 to 1000000000, and not \"foo\".")]
    [InlineData("show pattern --ready-fd 99", "--ready-fd 99 is not open: whoever starts guestplane must leave it open, as in: "
        + "guestplane … --ready-fd 3 3>FILE.")]
    [InlineData("show pattern --transport pigeon", "--transport takes dmabuf, shm, copy, and not \"pigeon\".")]
    [InlineData("show pattern --background red", "--background takes a colour as RRGGBB, and not \"red\".")]
    [InlineData("show pattern --layout 0=A,0=B", "--layout takes HEAD=OUTPUT,…, each head once, and not \"0=A,0=B\".")]
    [InlineData("show pattern --edid 640x480", "--edid is for vGPUs, and pattern is none.")]
    [InlineData("show qemu: --edid 640x480", "--edid is for vGPUs; qemu: makes its monitor by itself, as large as the window.")]
    [InlineData("show pattern --console 1", "--console is for qemu: and libvirt: sources, and pattern is neither.")]
    public void An_option(string arguments, string sentence) => AssertSaid(arguments, Usage, sentence);

    [Theory]
    [InlineData("show pattern --edid 99999x1", "99999x1")]
    [InlineData("show pattern --require everything", "\"everything\" is no requirement")]
    [InlineData("show pattern --require transport=impossible", "\"transport=impossible\" is no requirement")]
    public void An_option_with_a_long_form(string arguments, string part)
    {
        using var run = ProgramRun.Alone(arguments);
        Assert.Equal(Usage, run.ExitCode);
        Assert.Contains(part, Assert.Single(Lines(run)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("size=1x1", "takes size=WIDTHxHEIGHT from 64x64 to 16384x16384, and not \"size=1x1\"")]
    [InlineData("size=16385x64", "takes size=WIDTHxHEIGHT from 64x64 to 16384x16384, and not \"size=16385x64\"")]
    [InlineData("size", "takes size=WIDTHxHEIGHT from 64x64 to 16384x16384, and not \"size\" alone")]
    [InlineData("format=xr24", "takes format=XR24, AR24, XB24, AB24, RG16, XR30, NV12, P010 or YUYV, and not \"format=xr24\"")]
    [InlineData("rate=0", "takes rate=HZ from 0.01 to 1000, and not \"rate=0\"")]
    [InlineData("buffers=1000", "takes buffers=N from 1 to 16, and not \"buffers=1000\"")]
    [InlineData("heads=100", "takes heads=N from 1 to 64, and not \"heads=100\"")]
    [InlineData("memory=7", "takes memory=auto, udmabuf, heap or memfd, and not \"memory=7\"")]
    [InlineData("fence=0", "takes fence=MS or fence=MS/N, with MS from 1 to 60000 and N from 1 to 100000, and not \"fence=0\"")]
    [InlineData("still=1", "takes still without a value, and not \"still=1\"")]
    [InlineData("no-cursor=1", "takes no-cursor without a value, and not \"no-cursor=1\"")]
    [InlineData("size=100x100,size=200x200", "is given size more than once in \"size=100x100,size=200x200\"")]
    [InlineData("cursor,no-cursor", "is given cursor more than once in \"cursor,no-cursor\"")]
    [InlineData("buffers=2,in-place", "is given buffers more than once in \"buffers=2,in-place\"")]
    [InlineData("colour=red", $"has no option \"colour=red\"; its form is {PatternForm}")]
    [InlineData("", $"has an empty option in \"\"; its form is {PatternForm}")]
    [InlineData(",", $"has an empty option in \",\"; its form is {PatternForm}")]
    [InlineData("still,", $"has an empty option in \"still,\"; its form is {PatternForm}")]
    public void The_test_patterns_options(string options, string clause) =>
        AssertSaid($"show pattern:{options}", Usage, $"The test pattern {clause}.");

    [Theory]
    [InlineData("nonsense", $"\"nonsense\" names no source; {Sources}.")]
    [InlineData("PATTERN", "\"PATTERN\" names no source; write pattern.")]
    [InlineData("qemu", "\"qemu\" names no source; write qemu:.")]
    [InlineData("/nonexistent/qmp.sock", $"\"/nonexistent/qmp.sock\" names no source; {Sources}.")]
    [InlineData("spice://localhost:5900", $"\"spice://localhost:5900\" names no source; {NotSpoken}.")]
    [InlineData("vnc://localhost", $"\"vnc://localhost\" names no source; {NotSpoken}.")]
    [InlineData("qemu:///session", "\"qemu:///session\" names no source; write libvirt:DOMAIN, and --connect qemu:///session.")]
    [InlineData("00000000-0000-0000-0000-000000000000", "\"00000000-0000-0000-0000-000000000000\" names no source; "
        + "for a vGPU write vfio:00000000-0000-0000-0000-000000000000.")]
    [InlineData("qemu:fd=x", $"\"qemu:fd=x\" {NoVm}.")]
    [InlineData("qemu:nonsense=1", $"\"qemu:nonsense=1\" {NoVm}.")]
    [InlineData("qemu:uuid=1", $"\"qemu:uuid=1\" {NoVm}.")]
    [InlineData("qemu:pid", $"\"qemu:pid\" {NoVm}.")]
    [InlineData("qemu:bus=unix:path=/x,pid=x", "\"qemu:bus=unix:path=/x,pid=x\" names no VM; use qemu:bus=ADDRESS,name=NAME, …,uuid=UUID or …,pid=PID.")]
    [InlineData("qemu:qmp=", $"\"qemu:qmp=\" {NoVm}.")]
    [InlineData("libvirt:", "libvirt: needs a domain's name, as in libvirt:debian.")]
    [InlineData("pid:x", "\"pid:x\" does not end in a number.")]
    [InlineData("vfio:nonsense", "\"nonsense\" is no UUID, sysfs path or /dev/vfio/devices node; \"guestplane list\" shows the vGPUs "
        + "of this machine.")]
    public void Words_that_name_no_source(string source, string sentence)
    {
        AssertSaid($"show {source}", Usage, sentence);
        AssertSaid($"probe {source}", Usage, sentence);
    }

    [Theory]
    [InlineData("fd:0", "fd:0 is no VFIO device.")]
    [InlineData("fd:200", "File descriptor 200 is not open: whoever starts guestplane must leave it open without FD_CLOEXEC.")]
    [InlineData("qemu:qmp=/etc/passwd", "qemu:qmp=/etc/passwd cannot be shown: /etc/passwd is not a socket: give the path of QEMU's "
        + "-qmp socket.")]
    [InlineData("qemu:qmp=/etc", "qemu:qmp=/etc cannot be shown: /etc is not a socket: give the path of QEMU's -qmp socket.")]
    [InlineData("qemu:fd=200", "qemu:fd=200 cannot be shown: file descriptor 200 is not an open socket: the program that starts "
        + "guestplane must leave it open without FD_CLOEXEC.")]
    [InlineData("vfio:00000000-0000-0000-0000-000000000000", "There is no device "
        + "/sys/bus/mdev/devices/00000000-0000-0000-0000-000000000000; \"guestplane list\" shows the vGPUs of this machine, and "
        + "writing a UUID to its type's \"create\" file makes one.")]
    public void Sources_that_are_not_there(string source, string sentence) => AssertSaid($"show {source}", NoSource, sentence);

    [Theory]
    [InlineData("show vfio:/dev/vfio/devices/vfio999", NoSource, "/dev/vfio/devices/vfio999")]
    [InlineData("show pid:4194999", NoSource, "no process")]
    [InlineData("show qemu:qmp=/nonexistent/qmp", NoSource, "/nonexistent/qmp")]
    [InlineData("show qemu:bus=nonsense", NoSource, "nonsense")]
    [InlineData("show pattern --report /nonexistent/report.json", CannotWrite, "\"/nonexistent/report.json\": No such file or directory.")]
    [InlineData("scanout-test --html /proc", CannotWrite, "The page cannot be written to \"/proc\": ")]
    [InlineData("scanout-test --formats XYZ", Usage, "--formats: The test pattern takes format=XR24, AR24,")]
    [InlineData("show pattern:memory=memfd", NoCompositor, "no Wayland compositor")]
    public void A_sentence_that_the_machine_has_a_part_in(string arguments, int code, string part)
    {
        using var run = ProgramRun.Alone(arguments);
        Assert.Contains(part, Assert.Single(Lines(run)), StringComparison.Ordinal);
        Assert.Equal(code, run.ExitCode);
    }

    [Fact]
    public void The_path_of_a_socket_alone()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-messages-");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var path = Path.Combine(folder.FullName, "qmp");
        socket.Bind(new UnixDomainSocketEndPoint(path));
        AssertSaid($"show {path}", Usage, $"\"{path}\" names no source; for a VM by its QMP socket write qemu:qmp={path}, "
            + $"for what guestplane share serves qemu:socket={path}.");
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_file_name_that_is_not_UTF_8()
    {
        using var run = ProgramRun.Shell("/nonexistent", "none", "show pattern --report \"$(printf 'r\\377.json')\"");
        Assert.Equal(Usage, run.Wait().ExitCode);
        Assert.Equal("guestplane: The argument \"r\uFFFD.json\" is not UTF-8: rename the file.", Assert.Single(Lines(run)));
    }

    [Fact]
    public void A_layout_with_a_head_that_is_not_there()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.ToEnd(host, $"show {Pattern},heads=2 --layout 1=HDMI-A-1,nope=HDMI-A-1");
        Assert.Equal(Usage, run.ExitCode);
        Assert.Equal($"guestplane: --layout: there is no head \"nope\"; {Pattern},heads=2 has: 0, 1.", Assert.Single(Lines(run)));
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData("HUP")]
    [InlineData("TERM")]
    [InlineData("INT")]
    public void A_signal_ends_a_show_with_its_report_and_its_trace(string signal)
    {
        Assert.SkipWhen(IsIgnored(signal), "these tests run under nohup(1) or as a shell's background job, and so does guestplane");
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var trace = Path.GetTempFileName();
        using var run = ProgramRun.Start(host, $"show {Pattern} --trace {trace}");
        Assert.True(host.WaitUntil(h => h.TotalCommits > 10, TimeSpan.FromSeconds(10)));
        // Twice, as timeout(1) and a terminal that closes do.
        run.Signal(signal);
        run.Signal(signal);
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.InRange(run.Number("flips"), 1, long.MaxValue);
        Assert.EndsWith("]", File.ReadAllText(trace).TrimEnd().TrimEnd('}'), StringComparison.Ordinal);
        File.Delete(trace);
    }

    [Fact]
    public void Statistics_that_no_compositor_reported_are_not_zero()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols).Without("wp_presentation"));
        using var run = ProgramRun.ToEnd(host, $"show {Pattern} --frames 30 --require c2p-p99=100ms");
        Assert.Contains("committed, presentation not reported, ", run.Messages, StringComparison.Ordinal);
        Assert.Contains("commit to presented not reported", run.Messages, StringComparison.Ordinal);
        Assert.Equal(Failed, run.ExitCode);
    }

    [Fact]
    public void An_app_id_that_no_request_has_room_for_is_rejected() =>
        AssertSaid($"show pattern --app-id {new string('x', 5000)}", Usage, "--app-id takes up to 255 characters, and not 5000.");

    /// <summary>The kernel would end the program by SIGXFSZ.</summary>
    [Fact]
    public void A_file_that_may_not_grow_is_reported()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var folder = Directory.CreateTempSubdirectory("guestplane-limit-");
        var trace = Path.Combine(folder.FullName, "trace");
        using var run = ProgramRun.Shell(host.RuntimeDir, host.DisplayName,
            $"show pattern:memory=memfd,size=64x64,no-cursor --fullscreen --frames 400 --trace {trace}", "ulimit -f 60;").Wait();
        Assert.Contains($"The trace cannot be written to \"{trace}\": File too large.", run.Messages, StringComparison.Ordinal);
        Assert.Equal(CannotWrite, run.ExitCode);
        folder.Delete(recursive: true);
    }

    /// <summary>A kiosk would otherwise wait for the compositor, and say nothing of the rest.</summary>
    [Theory]
    [InlineData("kiosk patern", "\"patern\" names no source; write pattern.")]
    [InlineData("show patern --wait --reconnect", "\"patern\" names no source; write pattern.")]
    [InlineData("kiosk vfio:nonsense", "\"nonsense\" is no UUID, sysfs path or /dev/vfio/devices node; \"guestplane list\" shows the vGPUs of this machine.")]
    [InlineData("kiosk pid:x", "\"pid:x\" does not end in a number.")]
    [InlineData("kiosk pattern --splash /nonexistent", "The splash image /nonexistent is not there, or it is no regular file.")]
    public void A_wrong_command_line_is_told_before_a_compositor_is_waited_for(string arguments, string sentence) =>
        AssertSaid(arguments, Usage, sentence);

    [Theory]
    [InlineData("", "list --connect garbage:///x", "warning: libvirt's connection garbage:///x cannot be asked for VMs: ")]
    [InlineData("export DBUS_SESSION_BUS_ADDRESS=garbage;", "list --json",
        "warning: The session bus cannot be asked for VMs (DBUS_SESSION_BUS_ADDRESS is \"garbage\"): ")]
    public void A_place_that_was_named_and_cannot_be_asked_for_VMs_is_warned_of(string before, string arguments, string sentence)
    {
        using var run = ProgramRun.Shell("/nonexistent", "none", arguments, before).Wait();
        Assert.StartsWith($"guestplane: {sentence}", Assert.Single(Lines(run)), StringComparison.Ordinal);
        Assert.Equal(0, run.ExitCode);
    }

    [Theory]
    [InlineData("show pattern --report a --trace ./a", "The trace cannot be written to \"./a\"")]
    [InlineData("scanout-test --html a --json a", "The page cannot be written to \"a\"")]
    [InlineData("show pattern --report a --trace b", "The trace cannot be written to \"b\"")]
    public void Two_outputs_in_one_file_are_rejected(string arguments, string sentence)
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-outputs-");
        using var run = ProgramRun.Shell("/nonexistent", "none", arguments, $"cd {folder.FullName}; touch a; ln -s a b;").Wait();
        Assert.Equal([$"guestplane: {sentence}: it has another output already; give each a file of its own."], Lines(run));
        Assert.Equal(Usage, run.ExitCode);
        folder.Delete(recursive: true);
    }

    /// <summary>As an empty variable of a script leaves it.</summary>
    [Theory]
    [InlineData("show pattern --report", "--report takes FILE, and not \"\".")]
    [InlineData("kiosk pattern --output", "--output takes NAME, and not \"\".")]
    [InlineData("share pattern --socket", "--socket takes PATH, and not \"\".")]
    public void An_empty_value(string option, string sentence)
    {
        using var run = ProgramRun.Shell("/nonexistent", "none", $"{option} ''").Wait();
        Assert.Equal([$"guestplane: {sentence}"], Lines(run));
        Assert.Equal(Usage, run.ExitCode);
    }

    /// <summary>SigIgn of proc_pid_status(5): bit 0 is signal 1, SIGHUP.</summary>
    private static bool IsIgnored(string signal)
    {
        var bit = signal switch { "HUP" => 0, "INT" => 1, _ => 14 };
        return File.ReadLines("/proc/self/status")
            .Any(line => line.StartsWith("SigIgn:", StringComparison.Ordinal) && (Convert.ToUInt64(line[7..].Trim(), 16) >> bit & 1) != 0);
    }

    private static void AssertSaid(string arguments, int code, string sentence)
    {
        using var run = ProgramRun.Alone(arguments);
        Assert.Equal([$"guestplane: {sentence}"], Lines(run));
        Assert.Equal(code, run.ExitCode);
    }

    private static string[] Lines(ProgramRun run) => run.Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

using System.Diagnostics;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>The program on hosts that refuse, hide, hang and die, and with words that mean nothing.</summary>
public sealed class FaultTests
{
    private const string Pattern = "show pattern:memory=memfd,size=640x480";
    private const string Still = $"{Pattern},no-cursor,rate=0.01";
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    private static HostSetup Setup() => new(Repository.Protocols);

    [Fact]
    public void A_refused_import_steps_down_to_shm_on_the_same_descriptor()
    {
        using var host = new FakeHost(Setup());
        host.Faults.FailImport = _ => true;
        using var run = ProgramRun.ToEnd(host, $"{Pattern},no-cursor --frames 60");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("shm", run.Head.GetProperty("transport").GetString());
        Assert.Contains("zwp_linux_buffer_params_v1.failed", run.Head.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, run.Head.GetProperty("copiedBytes").GetInt64());
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void Without_linux_dmabuf_it_is_shm()
    {
        using var host = new FakeHost(Setup().Without("zwp_linux_dmabuf_v1"));
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30");
        Assert.Equal("shm", run.Head.GetProperty("transport").GetString());
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void Without_shm_there_is_nothing_to_build_on()
    {
        using var host = new FakeHost(Setup().Without("zwp_linux_dmabuf_v1").Without("wl_shm"));
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30");
        Assert.Equal(69, run.ExitCode);
        Assert.Contains("wl_shm", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_format_that_the_host_has_no_way_for_is_said()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { Formats = [new HostFormat("XR24")] });
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,format=NV12,no-cursor --frames 30");
        Assert.Equal(69, run.ExitCode);
        Assert.Contains("NV12", run.Messages, StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_forced_transport_that_does_not_bear_is_said()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30 --transport copy");
        Assert.Equal(69, run.ExitCode);
        Assert.Contains("--transport copy", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_never_releases_gets_further_buffers_but_not_many()
    {
        using var host = new FakeHost(Setup());
        host.Faults.NeverRelease = true;
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480,in-place,no-cursor --frames 120");
        Assert.Equal(0, run.ExitCode);
        Assert.InRange(run.Head.GetProperty("imports").GetInt32(), 2, 3);
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 100, 120);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_host_that_discards_every_frame_is_not_believed()
    {
        using var host = new FakeHost(Setup());
        host.Faults.DiscardEvery = 1;
        using var run = ProgramRun.ToEnd(host, $"{Pattern},no-cursor --frames 120");
        Assert.Equal("shm", run.Head.GetProperty("transport").GetString());
        Assert.Contains("showed none of 32 frames", run.Head.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void An_image_that_the_host_discards_is_committed_again_until_it_is_shown()
    {
        using var host = new FakeHost(Setup());
        host.Faults.DiscardEvery = 1;
        using var run = ProgramRun.Start(host, $"{Still} --frames 1");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Commits > 3, s_soon));
        host.Faults.DiscardEvery = 0;
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Equal(1, run.Head.GetProperty("flips").GetInt32());
        Assert.Equal(1, run.Head.GetProperty("presented").GetInt32());
        Assert.Equal(run.Head.GetProperty("committed").GetInt32() - 1, run.Head.GetProperty("repeated").GetInt32());
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_a_guest_that_stands_still_too_a_host_that_shows_nothing_is_not_believed(bool answers)
    {
        using var host = new FakeHost(Setup());
        (host.Faults.DiscardEvery, host.Faults.NeverAnswer) = (1, !answers);
        using var run = ProgramRun.Start(host, $"{Still} --seconds 5");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is { Kind: "shm" }, s_soon));
        (host.Faults.DiscardEvery, host.Faults.NeverAnswer) = (0, false);
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Equal(1, run.Head.GetProperty("flips").GetInt32());
        Assert.Contains("showed none of 32 frames", run.Head.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_host_that_tells_nothing_of_frames_is_not_asked_for_ever()
    {
        using var host = new FakeHost(Setup());
        host.Faults.NeverAnswer = true;
        using var run = ProgramRun.ToEnd(host, $"{Still} --seconds 5");
        Assert.InRange(run.Head.GetProperty("repeated").GetInt32(), 64, 70);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_frame_that_the_host_owes_holds_no_flip_up_for_longer_than_a_second()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"{Pattern},no-cursor");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Commits > 20, s_soon));
        host.Faults.NeverFrame = true;
        var commits = ShowTests.Primary(host)!.Commits;
        var since = Stopwatch.StartNew();
        // Two more for the frame that is owed, then one a second.
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)!.Commits >= commits + 4, s_soon));
        Assert.InRange(since.ElapsedMilliseconds, 900, 5000);
    }

    [Fact]
    public void A_host_that_begins_to_show_is_given_another_chance()
    {
        using var host = new FakeHost(Setup());
        host.Faults.DiscardEvery = 1;
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480,no-cursor,format=NV12 --seconds 5");
        Assert.True(host.WaitUntil(h => h.TotalCommits > 33, s_soon));
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)!.Buffer is null, s_soon));
        host.Faults.DiscardEvery = 0;
        host.Configure(800, 600);
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.InRange(run.Head.GetProperty("presented").GetInt32(), 30, 480);
        Assert.Equal("dmabuf", run.Head.GetProperty("transport").GetString());
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void The_only_frame_is_shown_before_the_end()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"{Pattern},no-cursor --frames 1");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(1, run.Head.GetProperty("presented").GetInt32());
    }

    [Fact]
    public void A_killed_host_is_exit_69_within_a_second()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, Pattern);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Parent: not null, Commits: > 4 }, s_soon));
        var since = Stopwatch.StartNew();
        host.DropClients();
        Assert.Equal(69, run.Wait().ExitCode);
        Assert.InRange(since.ElapsedMilliseconds, 0, 1000);
        Assert.Contains("went away", run.Messages, StringComparison.Ordinal);
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 3, 1000);
    }

    [Fact]
    public void A_protocol_error_is_exit_70_with_object_code_message_and_requests()
    {
        using var host = new FakeHost(Setup());
        host.Faults.ErrorAfterCommits = 20;
        using var run = ProgramRun.ToEnd(host, Pattern);
        Assert.Equal(70, run.ExitCode);
        Assert.Matches(@"wl_surface#\d+, error 4242: .*injected", run.Messages);
        Assert.Matches(@"Our last requests: .*wl_surface#\d+\.commit", run.Messages);
    }

    [Fact]
    public void A_hidden_window_holds_the_newest_flip_and_shows_it_at_once()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"{Pattern},no-cursor --frames 150");
        Assert.True(host.WaitUntil(h => h.TotalCommits > 20, s_soon));
        host.Faults.NeverFrame = true;
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 10, 60);
        Assert.InRange(run.Head.GetProperty("coalesced").GetInt32(), 80, 140);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_host_that_does_not_read_costs_no_memory_and_no_time()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480,rate=500 --seconds 6");
        Assert.True(host.WaitUntil(h => h.TotalCommits > 20, s_soon));
        host.Faults.Stall = true;
        using var process = Process.GetProcessById(run.Id);
        host.WaitUntil(_ => false, TimeSpan.FromSeconds(1));
        var (memory, cpu) = (process.WorkingSet64, process.TotalProcessorTime);
        host.WaitUntil(_ => false, TimeSpan.FromSeconds(2));
        process.Refresh();
        Assert.InRange(process.WorkingSet64 - memory, long.MinValue, 2 << 20);
        Assert.InRange((process.TotalProcessorTime - cpu).TotalSeconds, 0, 1);
        host.Faults.Stall = false;
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void Of_a_show_that_cannot_begin_only_the_reason_is_told()
    {
        Assert.SkipWhen(Directory.Exists("/sys/module/vgem"), "this machine has vgem, whose lack is the reason here");
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"{Pattern},fence=5");
        Assert.Equal(66, run.ExitCode);
        Assert.Matches(@"^guestplane: [^\n]*vgem[^\n]*\n$", run.Messages);
    }

    [Theory]
    [InlineData("show nonsense", 66, "names no source")]
    [InlineData("show vfio:nonsense", 64, "no UUID")]
    [InlineData("show vfio:00000000-0000-0000-0000-000000000000", 66, "There is no device")]
    [InlineData("show vfio:/dev/vfio/devices/vfio999", 66, "/dev/vfio/devices/vfio999")]
    [InlineData("show pid:4194999", 66, "no process")]
    [InlineData("show pid:x", 64, "number")]
    [InlineData("show fd:200", 66, "not open")]
    [InlineData("show fd:0", 66, "without display planes")]
    [InlineData("show pattern:size=1x1", 64, "size=1x1")]
    [InlineData("show pattern:format=XXXX", 64, "format=XXXX")]
    [InlineData("show pattern --edid 640x480", 64, "--edid")]
    [InlineData("show pattern --edid 99999x1", 64, "99999x1")]
    [InlineData("show pattern --transport carrier-pigeon", 64, "carrier-pigeon")]
    [InlineData("show pattern --require everything", 64, "everything")]
    [InlineData("show pattern --frames 0", 64, "--frames")]
    [InlineData("show pattern --seconds 1e10", 64, "--seconds")]
    [InlineData("show pattern --seconds NaN", 64, "--seconds")]
    [InlineData("show pattern --require transport=impossible", 64, "transport=impossible")]
    [InlineData("show pattern --ready-fd 99", 64, "--ready-fd 99")]
    [InlineData("show pattern --report /nonexistent/report.json", 64, "/nonexistent/report.json")]
    [InlineData("show pattern:memory=7", 64, "memory=7")]
    [InlineData("show", 64, "source")]
    [InlineData("show pattern:memory=memfd", 69, "no Wayland host")]
    public void Bad_input_is_one_sentence_and_its_code(string arguments, int code, string part)
    {
        using var run = ProgramRun.Alone(arguments);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(part, run.Messages, StringComparison.Ordinal);
        Assert.Single(run.Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}

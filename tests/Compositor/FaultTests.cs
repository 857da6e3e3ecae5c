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
    public void A_format_that_no_transport_can_show_is_reported()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { Formats = [new HostFormat("XR24")] });
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,format=NV12,no-cursor --frames 30");
        Assert.Equal(69, run.ExitCode);
        Assert.Contains("NV12", run.Messages, StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_forced_transport_that_does_not_work_is_reported()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30 --transport copy");
        Assert.Equal(69, run.ExitCode);
        Assert.Contains("--transport copy", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compositor_that_never_releases_gets_further_buffers_but_not_many()
    {
        using var host = new FakeHost(Setup());
        host.Faults.NeverRelease = true;
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480,in-place,no-cursor --frames 120");
        Assert.Equal(0, run.ExitCode);
        Assert.InRange(run.Head.GetProperty("imports").GetInt32(), 2, 3);
        Assert.Equal(120, run.Number("committed") - run.Number("repeated") + run.Number("coalesced"));
        Assert.InRange(run.Number("committed"), 50, 120);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_pending_frame_callback_delays_no_flip_for_longer_than_a_second()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"{Pattern},no-cursor");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Commits > 20, s_soon));
        host.Faults.NeverFrame = true;
        var commits = ShowTests.Primary(host)!.Commits;
        var (since, times) = (Stopwatch.StartNew(), new List<long>());
        // Two more for the frame that is owed, then one a second.
        for (var n = 1; n <= 4; n++)
        {
            Assert.True(host.WaitUntil(h => ShowTests.Primary(h)!.Commits >= commits + n, s_soon));
            times.Add(since.ElapsedMilliseconds);
        }
        Assert.InRange(times[3], 900, long.MaxValue);
        // A busy machine is late now and then.
        Assert.InRange(Math.Min(times[2] - times[1], times[3] - times[2]), 0, 2500);
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
    public void A_killed_compositor_is_exit_69_at_once()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, Pattern);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Parent: not null, Commits: > 4 }, s_soon));
        var since = Stopwatch.StartNew();
        host.DropClients();
        Assert.Equal(69, run.Wait().ExitCode);
        Assert.InRange(since.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
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

    /// <summary>libwayland-client reports these as EINVAL and ENOMEM, as if the connection had broken.</summary>
    [Theory]
    [InlineData(1, 69, "invalid arguments for wl_shm#7.create_pool",
        "The compositor has ended the connection: invalid arguments for wl_shm#7.create_pool; it may have no file descriptors left (ulimit -n).")]
    [InlineData(2, 69, "no memory", "The compositor has ended the connection: it has no memory left.")]
    [InlineData(3, 69, "the link broke", "The compositor has ended the connection: the link broke.")]
    [InlineData(0, 70, "invalid object 77", "wl_display#1, error 0: invalid object 77. Our last requests: ")]
    public void An_error_on_the_display_is_told_as_what_it_is(uint code, int exitCode, string text, string sentence)
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, Pattern);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Commits: > 4 }, s_soon));
        host.PostDisplayError(code, text);
        Assert.Equal(exitCode, run.Wait().ExitCode);
        Assert.Contains(sentence, run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hidden_window_holds_the_newest_flip_and_shows_it_at_once()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"{Pattern},no-cursor --frames 300");
        Assert.True(host.WaitUntil(h => h.TotalCommits > 20, s_soon));
        host.Faults.NeverFrame = true;
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 10, 150);
        Assert.InRange(run.Head.GetProperty("coalesced").GetInt32(), 80, 290);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_compositor_that_does_not_read_costs_no_memory_and_no_time()
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
    public void A_show_that_cannot_begin_reports_only_the_reason()
    {
        Assert.SkipWhen(Directory.Exists("/sys/module/vgem"), "this machine has vgem, whose lack is the reason here");
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"{Pattern},fence=5");
        Assert.Equal(66, run.ExitCode);
        Assert.Matches(@"^guestplane: [^\n]*vgem[^\n]*\n$", run.Messages);
    }
}

using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>The program on compositors that present nothing, to anybody, or do not say that they do.</summary>
public sealed class SilentCompositorTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("XR24")]
    [InlineData("NV12")]
    public void A_compositor_that_answers_nobody_shows_the_dma_buf_in_the_end(string format)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        host.Faults.NeverAnswer = true;
        using var run = ProgramRun.ToEnd(host, $"{ProofShowTests.Pattern},format={format} --frames 600");
        Assert.Equal(0, run.ExitCode);
        ProofShowTests.AssertShownByDmaBuf(run);
        // Nothing is said of the transport that was only tried.
        Assert.DoesNotContain("showed none", run.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("shm", run.Messages, StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void An_image_that_stands_still_is_not_committed_for_ever_to_a_compositor_that_answers_nobody()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        host.Faults.NeverAnswer = true;
        using var run = ToEndAfterTrial(host);
        ProofShowTests.AssertShownByDmaBuf(run);
        // The first commit and its repeat, the same by wl_shm, and the return to the dma-buf.
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 2, 5);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void By_wl_shm_an_image_that_stands_still_is_committed_twice_to_a_compositor_that_answers_nobody()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols).Without("zwp_linux_dmabuf_v1"));
        host.Faults.NeverAnswer = true;
        using var run = ProgramRun.ToEnd(host, $"{ProofShowTests.Still} --seconds 6");
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 1, 2);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_splash_goes_although_the_compositor_answers_nobody()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        host.Faults.NeverAnswer = true;
        using var run = ProgramRun.Start(host, "kiosk pattern:memory=memfd,size=640x480,no-cursor,rate=0.01");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null && Toplevels(h) == 1, s_soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);

        static int Toplevels(FakeHost host) => host.Surfaces.Count(s => s.Role?.Contains("toplevel", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void A_compositor_that_discards_everything_is_not_asked_for_ever()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        host.Faults.DiscardEvery = 1;
        using var run = ToEndAfterTrial(host);
        ProofShowTests.AssertShownByDmaBuf(run);
        Assert.InRange(run.Head.GetProperty("repeated").GetInt32(), 32, 70);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void One_of_two_windows_can_be_closed_while_answers_are_outstanding()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        host.Faults.NeverAnswer = true;
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480,no-cursor,heads=2 --frames 400");
        Assert.True(host.WaitUntil(h => h.Surfaces.Count(s => s is { Role: "wl_subsurface", Buffer: not null, Commits: > 40 }) == 2, s_soon));
        host.CloseOneWindow();
        host.Faults.NeverAnswer = false;
        Assert.Equal(0, run.Wait().ExitCode);
        var heads = run.Report.GetProperty("heads").EnumerateArray().Select(head => head.GetProperty("committed").GetInt32()).Order().ToList();
        Assert.InRange(heads[1], heads[0] + 1, 400);
        Assert.Empty(host.Violations);
    }

    /// <summary>wl_shm is tried and the dma-buf comes back, after which hardly a commit follows.</summary>
    private static ProgramRun ToEndAfterTrial(FakeHost host)
    {
        var run = ProgramRun.Start(host, ProofShowTests.Still);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is { Kind: "shm" }, s_soon));
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is { Kind: "dmabuf" }, s_soon));
        var commits = ShowTests.Primary(host)!.Commits;
        Assert.False(host.WaitUntil(h => ShowTests.Primary(h)!.Commits > commits + 3, TimeSpan.FromSeconds(3)));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        return run;
    }
}

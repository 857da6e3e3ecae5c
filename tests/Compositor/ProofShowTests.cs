using System.Text.Json;
using System.Text.RegularExpressions;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The program on compositors that take its images and do not present them, or do not say that they do.</summary>
public sealed class ProofShowTests
{
    internal const string Pattern = "show pattern:memory=memfd,size=640x480,no-cursor";
    internal const string Still = $"{Pattern},rate=0.01";
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20);

    private static HostSetup Setup() => new(Repository.Protocols);

    [Theory]
    [InlineData("XR24")]
    [InlineData("NV12")]
    public void Without_presentation_feedback_a_dma_buf_stays_a_dma_buf(string format)
    {
        using var host = new FakeHost(Setup().Without("wp_presentation"));
        using var run = ProgramRun.ToEnd(host, $"{Pattern},format={format} --frames 200");
        Assert.Equal(0, run.ExitCode);
        AssertShownByDmaBuf(run);
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 100, 200);
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData(UnreadableDmabufs.Discarded)]
    [InlineData(UnreadableDmabufs.Unanswered)]
    public void Dma_bufs_that_the_compositor_takes_and_cannot_show_go_by_wl_shm(UnreadableDmabufs how)
    {
        using var host = new FakeHost(Setup());
        host.Faults.Unreadable = how;
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 240");
        Assert.Equal("shm", run.Head.GetProperty("transport").GetString());
        // 32, or fewer if a busy machine is silent for a second.
        var unseen = Regex.Match(run.Head.GetProperty("reason").GetString()!, @"showed none of (\d+) frames");
        Assert.InRange(int.Parse(unseen.Groups[1].Value), 1, 32);
        Assert.Single(run.Messages.Split('\n'), line => line.Contains("showed none of", StringComparison.Ordinal) && line.Contains("warning", StringComparison.Ordinal));
        // wlroots reports those that it did not show, too. Flips are coalesced on a busy machine.
        var committed = run.Number("committed");
        Assert.InRange(run.Number("presented"), 30, how == UnreadableDmabufs.Unanswered ? committed : committed - int.Parse(unseen.Groups[1].Value));
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData(UnreadableDmabufs.Discarded)]
    [InlineData(UnreadableDmabufs.Unanswered)]
    public void The_dma_buf_of_a_guest_that_stands_still_goes_by_wl_shm_too(UnreadableDmabufs how)
    {
        using var host = new FakeHost(Setup());
        host.Faults.Unreadable = how;
        using var run = ProgramRun.Start(host, $"{Still} --seconds 30");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is { Kind: "shm" }, s_soon));
        run.WaitFor("showed none of");
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Equal(1, run.Head.GetProperty("flips").GetInt32());
        Assert.Equal("shm", run.Head.GetProperty("transport").GetString());
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData(UnreadableDmabufs.Discarded)]
    [InlineData(UnreadableDmabufs.Unanswered)]
    public void A_format_that_nothing_else_carries_is_taken_off_and_tried_again_when_something_changes(UnreadableDmabufs how)
    {
        using var host = new FakeHost(Setup());
        host.Faults.Unreadable = how;
        using var run = ProgramRun.Start(host, $"{Pattern},format=NV12 --seconds 60");
        run.WaitFor("cannot be shown");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer: null }, s_soon));
        host.Faults.Unreadable = UnreadableDmabufs.None;
        host.Configure(800, 600);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Latched.Kind: "dmabuf" }, s_soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        AssertShownByDmaBuf(run);
        Assert.InRange(run.Head.GetProperty("presented").GetInt32(), 1, 10_000);
        Assert.Empty(host.Violations);
    }

    /// <summary>Nothing can be shown but the background, and the compositor forgets to report that twice, or each time.</summary>
    [Theory]
    [InlineData(2, true)]
    [InlineData(int.MaxValue, false)]
    public void A_background_that_is_not_reported_is_shown_again(int lost, bool isGivenUp)
    {
        using var host = new FakeHost(Setup());
        host.Faults.Unreadable = UnreadableDmabufs.Discarded;
        host.Faults.LostBackgrounds = lost;
        using var run = ProgramRun.Start(host, $"{Pattern},format=NV12 --seconds 60");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Commits: > 0, Buffer: null }, s_soon));
        if (isGivenUp)
            run.WaitFor("cannot be shown");
        else
            Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer: not null }, s_soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Equal(isGivenUp ? "impossible" : "dmabuf", run.Head.GetProperty("transport").GetString());
        Assert.Empty(host.Violations);
    }

    /// <summary>wlroots then reports all of the commits that its output had rejected as presented.</summary>
    [Fact]
    public void What_is_presented_while_the_VM_shows_nothing_proves_nothing_about_its_images()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = new QemuDesktop("--fullscreen", new QemuSetup { Consoles = [new() { Width = 64, Height = 48, HasSurface = false }] },
            setup => setup.RefreshMilliHz = 8000);
        desktop.Host.Faults.Unreadable = UnreadableDmabufs.Unanswered;
        desktop.Start();
        desktop.WaitQemu(q => q.Console.Listeners == 1);
        desktop.Show(memory);
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "dmabuf" });
        desktop.Qemu.Console.Disable();
        desktop.Wait(h => h.Surfaces.All(surface => surface.Latched is null or { Kind: "single-pixel" }));
        desktop.Show(memory);
        desktop.Run!.WaitFor("showed none of");
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "shm" });
        desktop.End();
    }

    /// <summary>Bytes that come before it is decided whether dma-bufs can be shown do not decide that.</summary>
    [Fact]
    public void A_dma_buf_gets_another_try_after_bytes_that_came_in_its_place()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = QemuDesktop.Shown();
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "shm" });
        (desktop.Host.Faults.Unreadable, desktop.Host.Faults.LostBackgrounds) = (UnreadableDmabufs.Discarded, int.MaxValue);
        desktop.Show(ColorShowTests.Nv12(memory));
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer: null });
        desktop.Qemu.Console.Scanout(64, 48, 64 * 4, QemuDesktop.Xrgb, new byte[64 * 48 * 4]);
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "shm" });
        desktop.Host.Faults.Unreadable = UnreadableDmabufs.None;
        desktop.Show(ColorShowTests.Nv12(memory));
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "dmabuf" });
        desktop.End();
    }

    /// <summary>A VM's firmware draws by bytes, and its system by dma-bufs.</summary>
    [Theory]
    [InlineData(UnreadableDmabufs.Discarded)]
    [InlineData(UnreadableDmabufs.Unanswered)]
    public void An_image_that_is_presented_by_wl_shm_proves_nothing_about_dma_bufs(UnreadableDmabufs how)
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = QemuDesktop.Shown();
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "shm" });
        desktop.Qemu.Console.Update(0, 0, 1, 1, 4, QemuDesktop.Xrgb, new byte[4]);
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "shm", Commits: > 1 });
        desktop.Host.Faults.Unreadable = how;
        desktop.Show(memory);
        desktop.Run!.WaitFor("showed none of");
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "shm" } primary && h.ReadPixels(primary).Bytes[0] == 1);
        desktop.End();
    }

    [Fact]
    public void An_image_that_is_discarded_is_committed_again_until_it_is_presented()
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
    [InlineData(true)]
    [InlineData(false)]
    public void A_window_that_began_hidden_is_shown_by_dma_buf(bool isReported)
    {
        using var host = new FakeHost(Setup());
        // Frame callbacks go on, and nothing is presented: longer than every threshold.
        host.Faults.NeverAnswer = true;
        using var run = ProgramRun.Start(host, $"{Pattern} --frames 700");
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)?.WindowGeometry is not null, s_soon));
        host.Suspend(isReported);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Commits > 250, s_soon));
        host.Faults.NeverAnswer = false;
        host.Suspend(false);
        Assert.Equal(0, run.Wait().ExitCode);
        AssertShownByDmaBuf(run);
        // An image that is repeated can be presented twice.
        Assert.InRange(run.Number("presented"), 100, run.Number("committed"));
        Assert.DoesNotContain("showed none", run.Messages, StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    /// <summary>As mutter does at its start: it takes a frame, discards it, and draws nothing for seconds.</summary>
    [Fact]
    public void A_compositor_that_takes_a_frame_and_then_stands_still_gets_the_dma_buf_again()
    {
        using var host = new FakeHost(Setup());
        host.Faults.DiscardEvery = 1;
        using var run = ProgramRun.Start(host, $"{Pattern} --frames 200");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Commits > 2, s_soon));
        host.Faults.Stall = true;
        // The fault lasts that long; nothing is waited for.
        using (var loop = new Loop())
            loop.Pause(4_000_000_000);
        host.Faults.DiscardEvery = 0;
        host.Faults.Stall = false;
        Assert.Equal(0, run.Wait().ExitCode);
        AssertShownByDmaBuf(run);
        Assert.Empty(host.Violations);
    }

    internal static void AssertShownByDmaBuf(ProgramRun run)
    {
        Assert.Equal("dmabuf", run.Head.GetProperty("transport").GetString());
        Assert.Equal(JsonValueKind.Null, run.Head.GetProperty("reason").ValueKind);
    }
}

using System.Text.Json;
using Guestplane.Gvt.Pattern;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>The program on a strict host that does what it should.</summary>
public sealed class ShowTests
{
    private const string Pattern = "show pattern:memory=memfd,size=640x480";
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    private static HostSetup Setup() => new(Repository.Protocols);

    [Fact]
    public void The_pattern_goes_by_dma_buf_and_nothing_is_allocated_per_flip()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 200");
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(host.Violations);
        Assert.Equal("dmabuf", run.Head.GetProperty("transport").GetString());
        Assert.Equal(200, run.Head.GetProperty("flips").GetInt32());
        Assert.Equal(0, run.Report.GetProperty("managedBytesPerFlip").GetDouble());
        var presented = run.Head.GetProperty("presented").GetInt32() + run.Head.GetProperty("discarded").GetInt32();
        Assert.Equal(run.Head.GetProperty("committed").GetInt32(), presented);
        // Flips are coalesced on a busy machine, and none is lost.
        Assert.Equal(200, run.Number("committed") - run.Number("repeated") + run.Number("coalesced"));
        Assert.InRange(presented, 100, 200);
        Assert.True(host.WaitUntil(h => h.LiveBuffers == 0, s_soon));
    }

    /// <summary>More answers than ever before are outstanding, which needs memory once and not per flip.</summary>
    [Fact]
    public void A_host_that_falls_behind_with_its_answers_costs_no_memory_per_flip()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"{Pattern} --frames 200");
        Assert.True(host.WaitUntil(h => Primary(h) is { } plane && h.Commits(plane.Id) > 80, s_soon));
        host.Faults.NeverAnswer = true;
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Equal(0, run.Report.GetProperty("managedBytesPerFlip").GetDouble());
    }

    [Fact]
    public void The_tree_is_black_root_plane_and_cursor()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"{Pattern} --fullscreen");
        Assert.True(host.WaitUntil(h => Cursor(h)?.Buffer is not null && Primary(h)?.Buffer is not null, s_soon), run.Id.ToString());
        var (root, primary, cursor) = (Root(host)!, Primary(host)!, Cursor(host)!);
        Assert.Equal("single-pixel", root.Buffer!.Kind);
        Assert.Equal((1024, 768), root.ViewportDestination);
        Assert.Equal(root.Id, primary.Parent);
        Assert.False(primary.IsSync);
        Assert.Equal((1024, 768), primary.ViewportDestination);
        Assert.Equal(new HostRect(0, 0, 1024, 768), Assert.Single(primary.OpaqueRegion!));
        Assert.Equal(root.Id, cursor.Parent);
        Assert.True(cursor.IsSync);
        Assert.True(cursor.IsInputEmpty);
        Assert.Equal(new HostRect(0, 0, 1024, 768), root.WindowGeometry);
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void An_image_of_another_shape_is_letterboxed()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x400,no-cursor --fullscreen");
        Assert.True(host.WaitUntil(h => Primary(h)?.Buffer is not null, s_soon));
        Assert.Equal((1024, 640), Primary(host)!.ViewportDestination);
        Assert.Equal((0, 64), Primary(host)!.Position);
    }

    [Fact]
    public void What_does_not_fit_is_cropped_to_the_window()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=1280x800 --fullscreen --scale 1:1");
        Assert.True(host.WaitUntil(h => Primary(h)?.Buffer is not null, s_soon));
        Assert.Equal((0, 0), Primary(host)!.Position);
        Assert.Equal((128, 16, 1024, 768), Primary(host)!.ViewportSource);
        Assert.Equal((1024, 768), Primary(host)!.ViewportDestination);
        // The cursor's path takes it over every edge.
        host.WaitUntil(_ => false, TimeSpan.FromSeconds(3));
        var window = new HostRect(0, 0, 1024, 768);
        Assert.True(Cursor(host) is not { } cursor || (cursor.Position.X >= window.X && cursor.Position.Y >= window.Y));
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_window_is_as_large_as_the_image_and_unscaled()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, Pattern);
        Assert.True(host.WaitUntil(h => Primary(h)?.Buffer is not null, s_soon));
        Assert.Equal(new HostRect(0, 0, 640, 480), Root(host)!.WindowGeometry);
        Assert.Null(Primary(host)!.ViewportDestination);
        host.Configure(1280, 1000);
        Assert.True(host.WaitUntil(h => Primary(h)!.ViewportDestination == (1280, 960), s_soon));
        Assert.Equal((0, 20), Primary(host)!.Position);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void The_screen_shows_the_frame_that_was_flipped()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480,no-cursor,rate=30 --frames 20");
        Assert.Equal(0, run.ExitCode);
        Assert.True(host.WaitUntil(h => h.Clients == 0, s_soon));
        using var still = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480,no-cursor,rate=0.2");
        Assert.True(host.WaitUntil(h => Primary(h)?.Latched is not null, s_soon));
        var pixels = host.ReadPixels(Primary(host)!);
        Assert.Equal(0u, BarCode.Read((x, y) => pixels.Bytes[y * pixels.Stride + x * 4] > 128));
    }

    [Theory]
    [InlineData("XR24")]
    [InlineData("AR24")]
    [InlineData("XB24")]
    [InlineData("RG16")]
    [InlineData("NV12")]
    [InlineData("XR30")]
    public void Each_format_of_the_pattern_is_taken(string format)
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"show pattern:memory=memfd,size=640x480,format={format} --frames 10");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("dmabuf", run.Head.GetProperty("transport").GetString());
        // A primary plane's alpha means nothing, and a host scans out only what has none.
        Assert.Equal(format == "AR24" ? "XR24" : format, run.Head.GetProperty("format").GetString());
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData("wl_subcompositor")]
    [InlineData("wp_viewporter")]
    [InlineData("wp_single_pixel_buffer_manager_v1")]
    [InlineData("wp_presentation")]
    [InlineData("wl_seat")]
    public void A_compositor_without_the_global_still_shows_the_plane(string global)
    {
        using var host = new FakeHost(Setup().Without(global));
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(30, run.Number("committed") - run.Number("repeated") + run.Number("coalesced"));
        Assert.InRange(run.Number("committed"), 10, 30);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void Where_the_compositor_answers_nothing_no_time_is_made_up()
    {
        using var host = new FakeHost(Setup());
        host.Faults.NeverAnswer = true;
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 20 --require missed=0");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal(0, run.Number("presented"));
        Assert.Equal(JsonValueKind.Null, run.Head.GetProperty("commitToPresentedNs").GetProperty("p99").ValueKind);
        Assert.Equal(JsonValueKind.Number, run.Head.GetProperty("flipToCommitNs").GetProperty("p99").ValueKind);
        Assert.Contains("commit to presented not reported", run.Messages, StringComparison.Ordinal);
        Assert.Contains("No frame was presented, and --require wants missed=0", run.Messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Every_version_of_linux_dmabuf_is_spoken(int version)
    {
        using var host = new FakeHost(Setup().With("zwp_linux_dmabuf_v1", version));
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30");
        Assert.Equal("dmabuf", run.Head.GetProperty("transport").GetString());
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void The_cursor_plane_can_be_the_compositors_pointer()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { PointerPresent = true });
        using var run = ProgramRun.Start(host, $"{Pattern} --cursor pointer");
        Assert.True(host.WaitUntil(h => Primary(h)?.Buffer is not null, s_soon));
        host.PointerEnter(Root(host)!.Id, 10, 10);
        Assert.True(host.WaitUntil(h => h.Cursor is (_, 8, 8), s_soon));
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_cursor_that_is_the_compositors_pointer_allocates_nothing_per_flip()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --cursor pointer --frames 200");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(0, run.Report.GetProperty("managedBytesPerFlip").GetDouble());
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void Closing_the_window_ends_it()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, Pattern);
        Assert.True(host.WaitUntil(h => h.TotalCommits > 10, s_soon));
        host.CloseWindows();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_requirement_that_is_not_met_is_exit_1()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30 --require zero-copy=95%,transport=dmabuf");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("zero-copy", run.Messages, StringComparison.Ordinal);
        host.Faults.ZeroCopy = true;
        using var met = ProgramRun.ToEnd(host, $"{Pattern} --frames 30 --require zero-copy=95%,transport=dmabuf");
        Assert.Equal(0, met.ExitCode);
    }

    /// <summary>As phoc and wayfire do.</summary>
    [Fact]
    public void A_zero_copy_is_not_believed_over_shared_memory()
    {
        using var host = new FakeHost(Setup());
        host.Faults.ZeroCopy = true;
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30 --transport shm --require zero-copy=1%");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("0 % of the presented frames were zero-copy, and --require wants 1 %", run.Messages, StringComparison.Ordinal);
    }

    internal static HostSurfaceInfo? Root(FakeHost host) => host.Surfaces.FirstOrDefault(s => s.Role?.Contains("toplevel", StringComparison.Ordinal) == true);

    internal static HostSurfaceInfo? Primary(FakeHost host) =>
        host.Surfaces.FirstOrDefault(s => s.Parent is not null && !s.IsSync) ?? Root(host);

    internal static HostSurfaceInfo? Cursor(FakeHost host) => host.Surfaces.LastOrDefault(s => s.Parent is not null && s.IsSync && s.Buffer is not null);
}

using System.Diagnostics;
using Guestplane.Gvt.Pattern;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Hosts;

/// <summary>A display on another machine: the real waypipe carries what the program says, to a real host and to the strict one.</summary>
public sealed class WaypipeTests
{
    private const int Unavailable = 69;

    [Fact]
    public async Task The_image_arrives_on_the_other_machine_frame_after_frame()
    {
        using var host = new HeadlessWeston();
        using var line = await Waypipe.Start(host.Prepare, "show", "pattern:memory=memfd,no-cursor,rate=20", "--fullscreen", "--scale", "1:1");
        uint? first = null, last = null;
        await Tools.Until(() => (first = FrameOn(host.Screenshot())) > 0, () => "no frame was seen");
        await Tools.Until(() => (last = FrameOn(host.Screenshot())) > first, () => $"it stands still at {first}");
        // Once a third is seen, the feedback of the first two has arrived.
        await Tools.Until(() => FrameOn(host.Screenshot()) > last, () => $"it stands still at {last}");
        Assert.Equal(0, line.Terminate());
        var head = line.Report.GetProperty("heads")[0];
        Assert.Equal("waypipe", line.Report.GetProperty("host").GetString());
        Assert.InRange(head.GetProperty("presented").GetInt32(), 2, head.GetProperty("committed").GetInt32());
        Assert.InRange(last!.Value, 2u, head.GetProperty("flips").GetUInt32());
        AssertIsByShm(line);
        // As waypipe calls a protocol error on its way; that it was ended in the middle of a message it tells, too.
        Assert.DoesNotContain("Display sent fatal error", line.Said);
    }

    /// <summary>As on a machine without a GPU, waypipe withdraws the linux-dmabuf that the host has.</summary>
    [Fact]
    public async Task Every_request_that_arrives_is_valid()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var line = await Waypipe.Start(client => Prepare(client, host), "show", "pattern:memory=memfd,size=640x480", "--frames", "100");
        Assert.True(host.WaitUntil(h => Frame(h) > 10, Tools.Patience), "no frame arrived");
        Assert.Equal(0, line.Wait());
        Assert.Empty(host.Violations);
        Assert.Equal(0, host.Imports);
        Assert.Equal(100, line.Report.GetProperty("heads")[0].GetProperty("flips").GetInt32());
        AssertIsByShm(line);
    }

    [Fact]
    public async Task A_broken_connection_counts_as_a_compositor_that_went_away()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var line = await Waypipe.Start(client => Prepare(client, host), "show", "pattern:memory=memfd,size=640x480");
        Assert.True(host.WaitUntil(h => Frame(h) > 10, Tools.Patience), "no frame arrived");
        line.Break();
        Assert.Equal(Unavailable, line.Wait());
        // Of an "implementation" error waypipe tells the reason, if it is quick enough.
        Assert.Matches("The Wayland compositor went away|The compositor has ended the connection", line.Said);
    }

    /// <summary>On the guest's own descriptor, and with the reason.</summary>
    private static void AssertIsByShm(Waypipe line)
    {
        var head = line.Report.GetProperty("heads")[0];
        Assert.Equal("shm", head.GetProperty("transport").GetString());
        Assert.Contains("no zwp_linux_dmabuf_v1", head.GetProperty("reason").GetString());
        Assert.Equal(0, head.GetProperty("copiedBytes").GetInt64());
        Assert.Contains("no zwp_linux_dmabuf_v1", line.Said);
    }

    private static void Prepare(ProcessStartInfo client, FakeHost host)
    {
        client.Environment["XDG_RUNTIME_DIR"] = host.RuntimeDir;
        client.Environment["WAYLAND_DISPLAY"] = host.DisplayName;
    }

    private static uint? FrameOn(Png screen)
    {
        var (left, top) = ((screen.Width - 1024) / 2, (screen.Height - 768) / 2);
        return BarCode.Read((x, y) => screen.IsWhite(left + x, top + y));
    }

    /// <summary>The number in the image that it shows.</summary>
    private static uint? Frame(FakeHost host)
    {
        if (host.CurrentBuffers.FirstOrDefault(buffer => buffer.Kind == "shm" && buffer.Width == 640) is not { } buffer)
            return null;
        var pixels = host.ReadPixels(buffer.Id);
        return BarCode.Read((x, y) => pixels.Bytes.AsSpan(y * pixels.Stride + x * 4, 3).IndexOfAnyExcept((byte)0xff) < 0);
    }
}

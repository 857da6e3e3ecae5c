using System.Diagnostics;
using System.Net.Sockets;
using Guestplane.Compositor;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>A host that ends and comes back, and the program that stays.</summary>
public sealed class ReconnectTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10), s_return = TimeSpan.FromSeconds(3);

    [Fact]
    public void The_show_continues_on_a_compositor_that_comes_back_and_nothing_is_left_behind()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true, TouchPresent = true });
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480 --fullscreen --reconnect");
        var (descriptors, memory, times) = (0, 0L, new List<TimeSpan>());
        for (var round = 0; round < 20; round++)
        {
            var watch = Stopwatch.StartNew();
            Assert.True(host.WaitUntil(h => IsConnected(h, round + 1) && IsShown(h), s_soon), $"round {round}");
            times.Add(watch.Elapsed);
            using var process = Process.GetProcessById(run.Id);
            if (round == 2)
                (descriptors, memory) = (Descriptors(run.Id), process.WorkingSet64);
            if (round == 19)
            {
                Assert.InRange(Descriptors(run.Id), 1, descriptors + 1);
                Assert.InRange(process.WorkingSet64 - memory, long.MinValue, 1 << 20);
            }
            host.DropClients();
        }
        // A busy machine is late now and then, but not in most rounds.
        Assert.True(times.Order().ElementAt(10) < s_return, string.Join(", ", times));
        Assert.True(host.WaitUntil(h => IsConnected(h, 21) && IsShown(h), s_soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
        Assert.Contains("went away. Waiting for the next one.", run.Messages);
        // Counted over all of them.
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 20, int.MaxValue);
    }

    /// <summary>A guest that stands still: what it showed last is known.</summary>
    [Fact]
    public void The_last_image_is_shown_on_the_next_compositor()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480,rate=0.02 --fullscreen --reconnect");
        Assert.True(host.WaitUntil(IsShown, s_soon));
        host.DropClients();
        Assert.True(host.WaitUntil(h => IsConnected(h, 2) && IsShown(h) && ShowTests.Cursor(h)?.Buffer is not null, s_soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
    }

    [Fact]
    public void A_refused_request_is_a_bug_with_or_without_it()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        host.Faults.ErrorAfterCommits = 20;
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480 --reconnect");
        Assert.Equal(70, run.ExitCode);
    }

    [Fact]
    public void It_may_be_interrupted_while_there_is_none()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.Start(host.RuntimeDir, "wayland-none", "show pattern:memory=memfd --reconnect");
        run.WaitFor("Waiting for one.");
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
    }

    /// <summary>The windows that end before it leave many requests behind, which cannot be sent any more.</summary>
    [Fact]
    public void A_grab_in_the_last_of_several_windows_does_not_end_the_show_with_the_compositor()
    {
        const uint LeftCtrl = 29, LeftAlt = 56;
        var vm = new QemuSetup { Consoles = [.. Enumerable.Range(0, 4).Select(_ => new QemuConsoleSetup { Width = 64, Height = 48 })] };
        using var desktop = QemuDesktop.Shown("--reconnect", vm);
        desktop.Wait(h => Windows(h).Count == 4 && Windows(h).TrueForAll(window => window.Buffer is not null));
        desktop.Host.KeyboardEnter(Windows(desktop.Host)[^1].Id);
        foreach (var (key, pressed) in new[] { (LeftCtrl, true), (LeftAlt, true), (LeftAlt, false), (LeftCtrl, false) })
            desktop.Host.Key(key, pressed);
        desktop.Wait(h => h.AreShortcutsInhibited);
        desktop.Host.DropClients();
        desktop.Wait(h => IsConnected(h, 2) && Windows(h).Count == 4);
        desktop.End();

        static List<HostSurfaceInfo> Windows(FakeHost host) =>
            [.. host.Surfaces.Where(surface => surface.Role?.Contains("toplevel", StringComparison.Ordinal) == true)];
    }

    /// <summary>libwayland only logs why; what it has logged of the connection before is not this one's reason.</summary>
    [Fact]
    public void The_reason_of_an_earlier_end_is_not_told_again()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        var first = Host.Connect(loop, host.SocketPath);
        host.PostDisplayError(1, "invalid arguments for wl_shm#7.create_pool");
        var told = Assert.Throws<WaylandException>(() => first.RoundTrip(loop));
        Assert.StartsWith("invalid arguments for wl_shm#7.create_pool", told.Message, StringComparison.Ordinal);
        loop.Remove(first);
        first.Dispose();
        var second = Host.Connect(loop, host.SocketPath);
        host.DropClients();
        told = Assert.Throws<WaylandException>(() => second.RoundTrip(loop));
        Assert.StartsWith("the connection to the compositor broke", told.Message, StringComparison.Ordinal);
        loop.Remove(second);
        second.Dispose();
    }

    [Fact]
    public void A_show_that_ends_while_the_next_compositor_does_not_answer_is_judged_like_any_other()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=64x64 --reconnect --require transport=shm");
        Assert.True(host.WaitUntil(IsShown, QemuDesktop.Soon));
        host.Faults.Stall = true;
        host.DropClients();
        Assert.True(host.WaitUntil(h => h.Clients == 1, QemuDesktop.Soon));
        run.Terminate();
        Assert.Equal(1, run.Wait().ExitCode);
        Assert.Contains("--require wants shm", run.Messages, StringComparison.Ordinal);
    }

    /// <summary>As a killed host's socket does, until the kernel has closed it: the patience with it must not end the next one.</summary>
    [Fact]
    public async Task A_compositor_that_went_away_during_a_round_trip_is_not_waited_for()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("guestplane-").FullName, "wayland");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using var loop = new Loop();
        var connecting = Task.Run(() => Host.Connect(loop, path), TestContext.Current.CancellationToken);
        (await listener.AcceptAsync(TestContext.Current.CancellationToken)).Dispose();
        Assert.True((await Assert.ThrowsAsync<WaylandException>(() => connecting)).IsHostGone);
        // Longer than a host may take to answer.
        loop.Pause(11_000_000_000);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    /// <summary>That many times: the program may be back before anyone has looked at the host without it.</summary>
    private static bool IsConnected(FakeHost host, int times) => host.Transcript.Matching(".get_registry(").Count == times;

    private static bool IsShown(FakeHost host) => ShowTests.Primary(host)?.Buffer is not null;

    private static int Descriptors(int pid) => Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Count();
}

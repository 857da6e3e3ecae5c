using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Gvt.Share;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Compositor;

/// <summary>The program shares a guest, and other runs of it show what is shared, on strict hosts.</summary>
public sealed class ShareShowTests : IDisposable
{
    private const int Usage = 64, NoSource = 66, Unavailable = 69, CannotCreate = 73, GuestLost = 74;
    private const string Pattern = "pattern:memory=memfd,size=640x480";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-share-");

    private string Socket => Path.Combine(_folder.FullName, "share");

    private string Source => $"qemu:socket={Socket}";

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Started, and its socket there.</summary>
    private ProgramRun Share(string source, string options = "")
    {
        var run = ProgramRun.Start("/nonexistent", "none", $"share {source} --socket {Socket} {options}".TrimEnd());
        run.WaitFor($"guestplane show {Source}");
        return run;
    }

    private static void End(ProgramRun run)
    {
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
    }

    /// <summary>Polled, the flips come with the answers to the viewers' polls.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(",polled")]
    public void Two_viewers_see_the_pattern_and_its_cursor_without_a_copy(string options)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var share = Share(Pattern + options);
        using var second = ProgramRun.Start(host, $"show {Source} --frames 100 --no-clipboard");
        using var first = ProgramRun.Start(host, $"show {Source} --frames 100 --no-clipboard");
        foreach (var viewer in (ProgramRun[])[first, second])
        {
            Assert.Equal(0, viewer.Wait().ExitCode);
            Assert.Equal("dmabuf", viewer.Head.GetProperty("transport").GetString());
            Assert.Equal((100, 0L), (viewer.Head.GetProperty("flips").GetInt32(), viewer.Head.GetProperty("copiedBytes").GetInt64()));
            // Three of the primary plane, and the cursor's.
            Assert.Equal(4, viewer.Report.GetProperty("dmaBufs").GetInt32());
            Assert.Equal(0, viewer.Report.GetProperty("managedBytesPerFlip").GetDouble());
        }
        Assert.Empty(host.Violations);
        End(share);
        Assert.False(File.Exists(Socket));
        Assert.DoesNotContain("closed", share.Messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public void A_viewer_whose_share_ends_does_not_speak_of_QEMU(string signal)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var share = Share(Pattern);
        using var viewer = ProgramRun.Start(host, $"show {Source} --no-clipboard");
        viewer.WaitFor("goes by dmabuf");
        share.Signal(signal);
        Assert.Equal(GuestLost, viewer.Wait().ExitCode);
        Assert.Contains($"{Source} is gone: ", viewer.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("QEMU", viewer.Messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",polled")]
    public void A_viewer_that_is_stopped_holds_up_nobody_and_goes_on_when_it_is_continued(string options)
    {
        using var stoppedHost = new FakeHost(new HostSetup(Repository.Protocols));
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var share = Share(Pattern + options);
        using var stopped = ProgramRun.Start(stoppedHost, $"show {Source} --no-clipboard");
        Wait(stoppedHost, h => ShowTests.Primary(h) is { Buffer: not null });
        stopped.Signal("STOP");
        try
        {
            using var viewer = ProgramRun.Start(host, $"show {Source} --frames 200 --no-clipboard");
            Assert.Equal(0, viewer.Wait().ExitCode);
            share.WaitFor("has not answered for a second");
        }
        finally
        {
            stopped.Signal("CONT");
        }
        var commits = ShowTests.Primary(stoppedHost)!.Commits;
        Wait(stoppedHost, h => ShowTests.Primary(h)!.Commits > commits + 10);
        End(stopped);
        End(share);
        Assert.Empty(host.Violations);
        Assert.Empty(stoppedHost.Violations);
    }

    /// <summary>A peer-to-peer QEMU has one display client; through a share it has many.</summary>
    [Fact]
    public void Two_viewers_of_one_QEMU_both_see_it_and_both_type()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true });
        using var qemu = new FakeQemu(new QemuSetup { Consoles = [new() { Width = 64, Height = 48 }] });
        var qmp = new FakeQmp(qemu, Path.Combine(_folder.FullName, "qmp"));
        using var memory = QemuDesktop.Memory(5);
        using var share = Share($"qemu:qmp={qmp.SocketPath}");
        using var first = ProgramRun.Start(host, $"show {Source}");
        Wait(host, h => h.Surfaces.Count(IsShown) == 1);
        using var second = ProgramRun.Start(host, $"show {Source}");
        Wait(host, h => h.Surfaces.Count(IsShown) == 2);
        qemu.Console.ScanoutDmabuf2(QemuDesktop.Image(memory));
        qemu.Console.UpdateDmabuf(0, 0, 64, 48);
        Wait(host, h => h.Surfaces.Count(surface => IsShown(surface) && h.ReadPixels(surface).Bytes[0] == 5) == 2);
        Assert.Equal(0, qemu.Console.Stalls);
        End(first);
        qemu.Console.UpdateDmabuf(0, 0, 64, 48);
        Assert.True(qemu.WaitUntil(q => !q.Console.IsGlBlocked, QemuDesktop.Soon));
        qemu.Die();
        Assert.Equal(GuestLost, share.Wait().ExitCode);
        Assert.Contains("is gone: ", share.Messages, StringComparison.Ordinal);
        Assert.Equal(GuestLost, second.Wait().ExitCode);
        Assert.Empty(host.Violations);

        static bool IsShown(HostSurfaceInfo surface) => surface is { Parent: not null, IsSync: false, Buffer: not null };
    }

    [Fact]
    public void With_wait_the_viewers_stay_until_the_VM_is_back()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var qemu = new FakeQemu(new QemuSetup { Consoles = [new() { Width = 64, Height = 48 }] });
        var qmp = new FakeQmp(qemu, Path.Combine(_folder.FullName, "qmp"));
        using var share = Share($"qemu:qmp={qmp.SocketPath}", "--wait");
        using var viewer = ProgramRun.Start(host, $"show {Source}");
        Wait(host, h => ShowTests.Primary(h) is { Buffer: not null });
        host.Configure(1000, 700);
        Assert.True(qemu.WaitUntil(q => IsRequested(q.Input, 1), QemuDesktop.Soon));
        qemu.Die();
        share.WaitFor("is back.");
        Assert.True(qemu.WaitUntil(q => q.Console.ListenersRegistered == 2, QemuDesktop.Soon));
        // Nobody resizes the window again, and the next life must be told.
        Assert.True(qemu.WaitUntil(q => IsRequested(q.Input, 2), QemuDesktop.Soon));
        qemu.Console.Update(0, 0, 1, 1, 4, QemuDesktop.Xrgb, [9, 9, 9, 9]);
        Wait(host, h => ShowTests.Primary(h) is { Buffer: not null } primary && h.ReadPixels(primary).Bytes[0] == 9);
        End(viewer);
        End(share);
        Assert.Empty(host.Violations);

        static bool IsRequested(IReadOnlyList<QemuInput> input, int times) =>
            input.OfType<QemuUiInfo>().Count(size => size is { Width: 1000, Height: 700 }) == times;
    }

    [Fact]
    public void A_live_socket_is_refused_a_dead_one_replaced_and_a_file_left_alone()
    {
        using (var share = Share(Pattern))
        {
            using var other = ProgramRun.Alone($"share {Pattern} --socket {Socket}");
            Assert.Equal(Unavailable, other.ExitCode);
            Assert.Equal($"guestplane: Another program may serve {Socket}: end it, or give another --socket.\n", other.Messages);
            share.Signal("KILL");
            share.Wait();
        }
        Assert.True(File.Exists(Socket));
        using (var share = Share(Pattern))
            End(share);
        File.WriteAllText(Socket, "a text");
        using var refused = ProgramRun.Alone($"share {Pattern} --socket {Socket}");
        Assert.Equal(CannotCreate, refused.ExitCode);
        Assert.Equal("a text", File.ReadAllText(Socket));
    }

    [Fact]
    public void Without_a_path_the_socket_is_in_the_users_runtime_folder()
    {
        var socket = Path.Combine(_folder.FullName, "guestplane.sock");
        using var share = ProgramRun.Start(_folder.FullName, "none", $"share {Pattern}");
        share.WaitFor($"guestplane show qemu:socket={socket}");
        var list = new ProcessStartInfo(Repository.Program, ["list"]) { Environment = { ["XDG_RUNTIME_DIR"] = _folder.FullName } };
        Assert.Contains($"qemu:socket={socket}  a VM that guestplane share serves there\n", Tools.Run(list), StringComparison.Ordinal);
        share.Signal("KILL");
        share.Wait();
        Assert.True(File.Exists(socket));
        // Nobody serves it any more.
        Assert.DoesNotContain(socket, Tools.Run(list), StringComparison.Ordinal);
        using var next = ProgramRun.Start(_folder.FullName, "none", $"share {Pattern}");
        next.WaitFor($"guestplane show qemu:socket={socket}");
        End(next);
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public void Who_looks_at_a_share_is_listed()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var share = ProgramRun.Start(_folder.FullName, "none", $"share {Pattern}");
        var socket = Path.Combine(_folder.FullName, "guestplane.sock");
        share.WaitFor($"guestplane show qemu:socket={socket}");
        using var viewer = ProgramRun.Start(host, $"show qemu:socket={socket} --no-clipboard");
        Wait(host, h => ShowTests.Primary(h) is { Buffer: not null });
        var list = new ProcessStartInfo(Repository.Program, ["list"]) { Environment = { ["XDG_RUNTIME_DIR"] = _folder.FullName } };
        Assert.Contains($"  process {viewer.Id} (guestplane, user {Environment.UserName}) looks at console 0: all planes as dma-bufs\n",
            Tools.Run(list), StringComparison.Ordinal);
        share.Signal("STOP");
        // A share that hangs costs a moment, and what is known of it is said.
        Assert.Contains($"qemu:socket={socket}  ", Tools.Run(list), StringComparison.Ordinal);
        share.Signal("CONT");
        End(viewer);
        End(share);
    }

    [SupportedOSPlatform("linux")]
    [Theory]
    [InlineData("", 0x180)]
    [InlineData("--group 0", 0x1b0)]
    [InlineData("--allow :0", 0x1b6)]
    public void The_socket_has_the_permissions_that_its_users_need(string options, int mode)
    {
        using var share = Share(Pattern, options);
        Assert.Equal((UnixFileMode)mode, File.GetUnixFileMode(Socket));
        End(share);
    }

    [Theory]
    [InlineData(NoSource, "a297db4a-f4c2-11e6-90f6-d3b88d6c9525", "vfio:a297db4a-f4c2-11e6-90f6-d3b88d6c9525")]
    [InlineData(Usage, "this machine has no group \"no-such\"", "pattern --group no-such")]
    [InlineData(Usage, "this machine has no user \"no-such\"", "pattern --allow 0,no-such")]
    [InlineData(Usage, "--read-only: this machine has no user \"no-such\"", "pattern --read-only no-such")]
    [InlineData(Usage, "--read-only: this machine has no user \"no-such\"", "pattern --read-only no-such --read-only 0")]
    [InlineData(Usage, "--allow: this machine has no user \"no-such\"", "pattern --allow no-such --allow 0")]
    [InlineData(Usage, "--linger is for vfio: sources, and pattern is none.", "pattern --linger 5")]
    [InlineData(Usage, "--rate takes a number above 0 and up to 1000, such as 2.5, and not \"1001\".", "pattern --rate 1001")]
    [InlineData(Usage, "--rate takes a number above 0 and up to 1000, such as 2.5, and not \"0\".", "pattern --rate 0")]
    [InlineData(Usage, "--allow takes names of users and groups, and not \",\".", "pattern --allow ,")]
    [InlineData(Usage, "qemu:socket=./none is the socket of this share itself: give another --socket.", "qemu:socket=./none --socket none")]
    [InlineData(CannotCreate, "cannot be made: the socket /nonexistent/share: No such file", "pattern --socket /nonexistent/share")]
    public void What_cannot_be_shared_is_one_sentence(int code, string words, string arguments)
    {
        using var run = ProgramRun.Alone($"share {arguments}{(arguments.Contains("--socket") ? "" : $" --socket {Socket}")}");
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(words, run.Messages, StringComparison.Ordinal);
        Assert.Single(run.Messages.Trim().Split('\n'));
        Assert.False(File.Exists(Socket));
    }

    /// <summary>A share closes the connection of whoever may not connect. Here its user has as many as a user may have.</summary>
    [Fact]
    public void A_viewer_that_is_not_let_in_is_told_where_the_reason_is()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var share = Share(Pattern);
        // Each one is authenticated before the next one: 64 at once would be too many for the socket.
        List<RawDBusClient> others = [.. Enumerable.Range(0, 64).Select(_ => SharedDisplay.ClientOf(Socket))];
        using var refused = ProgramRun.ToEnd(host, $"show {Source} --no-clipboard");
        others.ForEach(other => other.Dispose());
        Assert.Equal(NoSource, refused.ExitCode);
        Assert.Contains($"the connection to {Socket} ended at once (", refused.Messages, StringComparison.Ordinal);
        Assert.Single(refused.Messages.Trim().Split('\n'));
        End(share);
    }

    /// <summary>The connection ends when the viewer has asked for the consoles, and no longer waits for the connection itself.</summary>
    [Fact]
    public void What_takes_a_viewer_and_closes_is_told_as_it_is_seen()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var listener = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Socket));
        listener.Listen();
        using var viewer = ProgramRun.Start(host, $"show {Source} --no-clipboard");
        using (var peer = listener.Accept())
            Assert.NotEqual(0, peer.Receive(new byte[256]));
        Assert.Equal(NoSource, viewer.Wait().ExitCode);
        Assert.Contains($"the connection to {Socket} ended at once (", viewer.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_share_that_is_stopped_does_not_answer()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var share = Share(Pattern);
        share.Signal("STOP");
        using var viewer = ProgramRun.ToEnd(host, $"show {Source} --no-clipboard");
        share.Signal("CONT");
        Assert.Equal(NoSource, viewer.ExitCode);
        Assert.Contains($"{Source} cannot be shown: it does not answer: it hangs or is stopped.", viewer.Messages, StringComparison.Ordinal);
        End(share);
    }

    [Fact]
    public void A_socket_of_the_service_manager_is_used_and_left()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using (new SocketActivation(Socket, ["share", Pattern]))
        using (var viewer = ProgramRun.ToEnd(host, $"show {Source} --frames 20 --no-clipboard"))
            Assert.Equal((0, ""), (viewer.ExitCode, string.Join('\n', host.Violations.Select(violation => violation.Text))));
        Assert.True(File.Exists(Socket));
    }

    [Fact]
    public void A_socket_of_the_service_manager_that_takes_no_connections_is_one_sentence()
    {
        using var manager = new SocketActivation(Socket, ["share", Pattern], accept: true);
        using var client = SharedDisplay.ConnectTo(Socket);
        Assert.Equal("guestplane: The service manager's socket takes no connections: its unit needs ListenStream= and Accept=no.",
            manager.FirstLine("guestplane:"));
    }

    private static void Wait(FakeHost host, Func<FakeHost, bool> condition) =>
        Assert.True(host.WaitUntil(condition, QemuDesktop.Soon), "the host did not come to see it");
}

using System.Runtime.InteropServices;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Gvt.Share;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Compositor;

/// <summary>Clients of a share whose messages have more descriptors than they declare, and clients beside them.</summary>
public sealed class UndeclaredDescriptorTests : IDisposable
{
    private const int GuestLost = 74;
    private const string Pattern = "pattern:memory=memfd,size=640x480";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-share-");

    private string Socket => Path.Combine(_folder.FullName, "share");

    private string Source => $"qemu:socket={Socket}";

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>
    /// libsystemd forgets the descriptors of a message that has more than it declares. A program that sends some and connects anew, again
    /// and again, takes not all that the share may have.
    /// </summary>
    [Theory]
    [InlineData(30)]
    [InlineData(200)]
    public void Undeclared_descriptors_cost_their_user_all_connections(int undeclared)
    {
        const int Connections = 100, Limit = 4096;
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var memory = QemuDesktop.Memory(1);
        using var share = ProgramRun.Shell("/nonexistent", "none", $"share {Pattern} --socket {Socket}", $"ulimit -n {Limit};");
        share.WaitFor($"guestplane show {Source}");
        using var viewer = ProgramRun.Start(host, $"show {Source} --no-clipboard");
        viewer.WaitFor("goes by dmabuf");
        var connections = 0;
        while (connections < Connections && !Leave(memory, undeclared))
            connections++;
        Assert.InRange(connections, 1, Connections - 1);
        share.WaitFor("can connect no more");
        Assert.InRange(Directory.GetFileSystemEntries($"/proc/{share.Id}/fd").Length, 1, Limit / 2);
        // This user's viewers, too.
        Assert.Equal(GuestLost, viewer.Wait().ExitCode);
        share.Terminate();
        Assert.Equal(0, share.Wait().ExitCode);
    }

    /// <summary>One burst that nobody measured, and a program that is gone: from then on each message is measured.</summary>
    [Fact]
    public void Listeners_are_no_undeclared_descriptors()
    {
        const int Burst = 6, Listeners = 40;
        using var memory = QemuDesktop.Memory(1);
        using var share = ProgramRun.Shell("/nonexistent", "none", $"share {Pattern} --socket {Socket}", "ulimit -n 4096;");
        share.WaitFor($"guestplane show {Source}");
        LeaveUnmeasured(share, memory, 200, Burst);
        for (var n = 0; n < Listeners; n++)
        {
            using var client = SharedDisplay.ClientOf(Socket);
            using var listener = SharedDisplay.Listen(client);
            using var second = SharedDisplay.Listen(client);
            using var third = SharedDisplay.Listen(client);
        }
        share.Terminate();
        Assert.Equal(0, share.Wait().ExitCode);
        Assert.DoesNotContain("can connect no more", share.Messages, StringComparison.Ordinal);
    }

    /// <returns>True if the share does not want to know this user.</returns>
    private bool Leave(SafeHandle memory, int count)
    {
        using var client = SharedDisplay.ConnectTo(Socket);
        if (!Greet(client))
            return true;
        client.Send(Undeclared(memory, count));
        WaitUntilHandled(client);
        return false;
    }

    /// <summary>sd-bus drops all such messages that it finds at once. So the share is stopped while they are sent.</summary>
    private void LeaveUnmeasured(ProgramRun share, SafeHandle memory, int count, int messages)
    {
        using var client = SharedDisplay.ConnectTo(Socket);
        Assert.True(Greet(client));
        share.Signal("STOP");
        Assert.True(SpinWait.SpinUntil(() => share.IsStopped, QemuDesktop.Soon));
        var message = Undeclared(memory, count);
        for (var sent = 0; sent < messages; sent++)
            client.Send(message);
        share.Signal("CONT");
        Assert.True(WaitUntilHandled(client));
    }

    /// <returns>False if the share closes the connection.</returns>
    private static bool Greet(RawDBusClient client)
    {
        client.Say($"\0AUTH EXTERNAL {RawDBusClient.Hex()}\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n");
        return client.Line() is not null && client.Line() is not null;
    }

    private static QemuRawMessage Undeclared(SafeHandle memory, int count) => new()
    {
        Path = "/",
        Interface = "org.freedesktop.DBus.Peer",
        Member = "Ping",
        Fds = [.. Enumerable.Repeat(memory, count)],
        FdCount = 1,
    };

    /// <summary>What was sent before has been handled when this is answered, or the connection has ended.</summary>
    /// <returns>True if it is answered.</returns>
    private static bool WaitUntilHandled(RawDBusClient client)
    {
        client.Send("/", "org.freedesktop.DBus.Peer", "Ping");
        using var answer = client.Next();
        return answer is not null;
    }
}

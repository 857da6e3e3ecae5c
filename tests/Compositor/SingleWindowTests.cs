using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>--raise: one window for each source.</summary>
public sealed class SingleWindowTests
{
    private const string Pattern = "show pattern:memory=memfd,size=64x64";
    private const string Token = "a-token-of-the-launchers";
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_second_start_raises_the_window_of_the_first()
    {
        using var host = Host();
        using var first = ProgramRun.Start(host, $"{Pattern} --raise");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, s_soon));
        using var second = ProgramRun.Start(host, $"{Pattern} --raise", ("XDG_ACTIVATION_TOKEN", Token));
        Assert.Equal(0, second.Wait().ExitCode);
        Assert.Contains("pattern:memory=memfd,size=64x64 is shown already. Its window is raised.", second.Messages, StringComparison.Ordinal);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching($".activate(\"{Token}\"").Count == 1, s_soon));
        Assert.Equal(1, host.Connections);
        first.Terminate();
        Assert.Equal(0, first.Wait().ExitCode);
        Assert.Empty(host.Violations);
        Assert.Empty(Directory.GetFiles(host.RuntimeDir, "*.window"));
    }

    [Fact]
    public void Without_a_token_the_window_asks_for_attention()
    {
        using var host = Host();
        using var first = ProgramRun.Start(host, $"{Pattern} --raise");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, s_soon));
        using var second = ProgramRun.Start(host, $"{Pattern} --raise");
        Assert.Equal(0, second.Wait().ExitCode);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching(".get_activation_token(").Count == 1, s_soon));
        first.Terminate();
        Assert.Equal(0, first.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>The socket of a process that was killed is replaced; other sources, and starts without the option, have their own windows.</summary>
    [Fact]
    public void The_next_one_after_a_crash_has_the_window()
    {
        using var host = Host();
        using (var killed = ProgramRun.Start(host, $"{Pattern} --raise"))
        {
            Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, s_soon));
            killed.Signal("KILL");
            killed.Wait();
        }
        using var next = ProgramRun.Start(host, $"{Pattern} --raise");
        using var other = ProgramRun.Start(host, $"{Pattern},no-cursor --raise");
        using var plain = ProgramRun.Start(host, Pattern);
        Assert.True(host.WaitUntil(h => h.Clients == 3 && h.Connections == 4, s_soon));
        foreach (var run in new[] { next, other, plain })
        {
            run.Terminate();
            Assert.Equal(0, run.Wait().ExitCode);
        }
    }

    /// <summary>A process of the same user that connects and says nothing, too much, or goes at once.</summary>
    [Fact]
    public void A_client_of_the_socket_cannot_harm_the_show()
    {
        using var host = Host();
        using var run = ProgramRun.Start(host, $"{Pattern} --raise");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, s_soon));
        var path = Assert.Single(Directory.GetFiles(host.RuntimeDir, "*.window"));
        var before = Directory.GetFileSystemEntries($"/proc/{run.Id}/fd").Length;
        for (var i = 0; i < 100; i++)
        {
            using var client = Connect(path);
            if (i % 3 == 1)
                UnixSocket.Send(client, new byte[4000]);
        }
        using var last = ProgramRun.Start(host, $"{Pattern} --raise", ("XDG_ACTIVATION_TOKEN", Token));
        Assert.Equal(0, last.Wait().ExitCode);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching($".activate(\"{Token}\"").Count == 1, s_soon));
        Assert.InRange(Directory.GetFileSystemEntries($"/proc/{run.Id}/fd").Length, 1, before + 1);
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>So many clients may wait, and no more.</summary>
    private static Fd Connect(string path)
    {
        while (true)
            try
            {
                return UnixSocket.Connect(path);
            }
            catch (LinuxException e) when (e.Errno == Errno.Again)
            {
                Thread.Yield();
            }
    }

    private static FakeHost Host() => new(new HostSetup(Repository.Protocols).With("xdg_activation_v1", 1));
}

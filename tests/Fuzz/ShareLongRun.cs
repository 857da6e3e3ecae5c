using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Gvt.Share;

namespace Guestplane.Tests.Fuzz;

/// <summary>A share that runs for days: clients come and go in each state, and stand still. Not in the suite, as <see cref="LongRun"/>.</summary>
public sealed class ShareLongRun : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-share-");

    private string Socket => Path.Combine(_folder.FullName, "share");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact(Explicit = true)]
    public void Ten_thousand_clients_that_vanish_in_each_state()
    {
        const int States = 5;
        using var host = Host();
        using var share = Share();
        using var viewer = View(host);
        var samples = new List<Cost>();
        for (var round = 1; round <= 10_000 * LongRun.Factor; round++)
        {
            Vanish(round % States);
            samples.Add(Cost.Of(share.Id, round)!.Value);
        }
        GoesOn(host);
        End(viewer);
        End(share);
        var growth = new Growth($"{samples.Count} clients of a share", samples);
        growth.Print();
        growth.AssertFlat();
        Assert.Empty(host.Violations);
    }

    [Fact(Explicit = true)]
    public async Task A_minute_in_which_a_viewer_or_the_share_stands_still()
    {
        var minute = TimeSpan.FromMinutes(LongRun.Factor);
        using var first = Host();
        using var second = Host();
        using var share = Share();
        using var stopped = View(first);
        using var viewer = View(second);
        foreach (var run in (ProgramRun[])[stopped, share])
        {
            var (commits, descriptors) = (ShowTests.Primary(second)!.Commits, Cost.Of(share.Id, 0)!.Value.Fds);
            run.Signal("STOP");
            await Task.Delay(minute, TestContext.Current.CancellationToken);
            // The pattern has 60 frames a second.
            if (run == stopped)
                Assert.InRange(ShowTests.Primary(second)!.Commits - commits, 30 * minute.TotalSeconds, double.MaxValue);
            run.Signal("CONT");
            GoesOn(first);
            GoesOn(second);
            Assert.InRange(Cost.Of(share.Id, 0)!.Value.Fds, 0, descriptors + 2);
        }
        End(stopped);
        End(viewer);
        End(share);
    }

    /// <summary>A client whose process was killed when it had come so far.</summary>
    private void Vanish(int state)
    {
        if (state < 2)
        {
            using var stranger = SharedDisplay.ConnectTo(Socket);
            if (state == 1)
                stranger.Say("\0AUTH EXT");
            return;
        }
        using var client = SharedDisplay.ClientOf(Socket);
        if (state == 3)
            SharedDisplay.Listen(client, SharedDisplay.DmaBuf2).Dispose();
        if (state != 4)
            return;
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        // It has an image, and never answers for it.
        listener.Expect("Register").Dispose();
    }

    private static FakeHost Host() => new(new HostSetup(Repository.Protocols) { TranscriptLines = 0 });

    private ProgramRun Share()
    {
        var run = ProgramRun.Start("/nonexistent", "none", $"share pattern:memory=memfd,size=640x480 --socket {Socket}");
        run.WaitFor($"guestplane show qemu:socket={Socket}");
        return run;
    }

    private ProgramRun View(FakeHost host)
    {
        var run = ProgramRun.Start(host, $"show qemu:socket={Socket} --no-clipboard");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer: not null }, s_patience));
        return run;
    }

    private static void GoesOn(FakeHost host)
    {
        var commits = ShowTests.Primary(host)!.Commits;
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)!.Commits > commits + 60, s_patience));
    }

    private static void End(ProgramRun run)
    {
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
    }
}

using Guestplane.Linux;

namespace Guestplane.Tests.Linux;

public sealed class LoopTests
{
    private const long Millisecond = 1_000_000;

    [Fact]
    public void Each_timer_fires_in_the_first_turn_after_its_deadline()
    {
        using var loop = new Loop();
        var due = new List<(string Name, long Deadline, long Now)>();
        var start = Clock.Now;
        foreach (var (name, after) in new[] { ("last", 60_000), ("first", 10), ("second", 20) })
        {
            var timer = new LoopTimer(now =>
            {
                due.Add((name, start + after * Millisecond, now));
                if (name == "second")
                    loop.Stop();
            });
            timer.Set(start + after * Millisecond);
            loop.Add(timer);
        }
        loop.Run();
        Assert.Equal(["first", "second"], due.Select(timer => timer.Name).Order());
        Assert.All(due, timer => Assert.True(timer.Now >= timer.Deadline, $"{timer}"));
        // Of two that are due in the same turn, either may come first.
        Assert.All(due, timer => Assert.DoesNotContain(due, turn => turn.Now >= timer.Deadline && turn.Now < timer.Now));
        Assert.True(loop.Stopped);
    }

    [Fact]
    public void A_timer_fires_once_and_may_be_set_again_from_its_callback()
    {
        using var loop = new Loop();
        var calls = 0;
        LoopTimer timer = null!;
        timer = new LoopTimer(now =>
        {
            Assert.False(timer.IsSet);
            if (++calls < 3)
                timer.Set(now);
            else
                loop.Stop();
        });
        loop.Add(timer);
        timer.Set(0);
        loop.Run();
        Assert.Equal(3, calls);
        Assert.False(timer.IsSet);
    }

    /// <summary>As by SIGSTOP, during which the other side may have done its part.</summary>
    [Fact]
    public void A_patience_does_not_count_the_time_in_which_we_did_not_run()
    {
        const long Moment = 1_000_000;
        using var loop = new Loop();
        var overs = 0;
        var patience = new LoopPatience(() => overs++);
        loop.Add(patience);
        patience.Start(Moment);
        var late = Clock.Now + 100 * Moment;
        SpinWait.SpinUntil(() => Clock.Now > late);
        loop.Turn(waitNs: 0);
        Assert.Equal(0, overs);
        while (overs == 0)
            loop.Turn();
        Assert.Equal(1, overs);
        patience.Start(Moment);
        patience.Cancel();
        loop.Turn(waitNs: 2 * Moment);
        Assert.Equal(1, overs);
    }

    [Fact]
    public void A_cancelled_timer_does_not_fire()
    {
        using var loop = new Loop();
        var cancelled = new LoopTimer(_ => Assert.Fail("cancelled"));
        var end = new LoopTimer(_ => loop.Stop());
        loop.Add(cancelled);
        loop.Add(end);
        cancelled.Set(Clock.Now + Millisecond);
        cancelled.Cancel();
        end.Set(Clock.Now + 5 * Millisecond);
        loop.Run();
        Assert.False(cancelled.IsSet);
    }

    [Fact]
    public void A_source_that_is_removed_during_the_checks_is_not_checked_again()
    {
        using var loop = new Loop();
        using var ready = Memfd.Create("guestplane-test", 1);
        var (checks, after) = (0, 0);
        var removed = new LoopWatch(ready, _ => Assert.Fail("removed"));
        var self = new Once(source => loop.Remove(source), () => checks++);
        loop.Add(self);
        loop.Add(new Once(_ => loop.Remove(removed), () => { }));
        loop.Add(removed);
        loop.Add(new Once(_ => { }, () => after++));
        Step(loop);
        Step(loop);
        Assert.Equal((1, 2), (checks, after));
    }

    [Fact]
    public void A_source_that_is_added_during_the_checks_waits_for_the_next_turn()
    {
        using var loop = new Loop();
        var late = 0;
        var isAdded = false;
        loop.Add(new Once(_ =>
        {
            // More than the loop first had room for.
            for (var i = 0; i < 20 && !isAdded; i++)
                loop.Add(new Once(_ => { }, () => late++));
            isAdded = true;
        }, () => { }));
        Step(loop);
        Assert.Equal(0, late);
        Step(loop);
        Assert.Equal(20, late);
    }

    /// <summary>So that a compositor that comes back is read before the flips of a VM that has been there all the time.</summary>
    [Fact]
    public void A_source_that_is_checked_first_is_so_although_it_was_added_last()
    {
        using var loop = new Loop();
        List<string> order = [];
        loop.Add(new Once(_ => { }, () => order.Add("flip")));
        loop.Add(new First(() => order.Add("answers")));
        Step(loop);
        Assert.Equal(["answers", "flip"], order);
    }

    [Fact]
    public void Removing_a_source_that_is_not_there_does_nothing()
    {
        using var loop = new Loop();
        var timer = new LoopTimer(_ => { });
        loop.Remove(timer);
        loop.Add(timer);
        loop.Remove(timer);
        loop.Remove(timer);
        Step(loop);
    }

    [Fact]
    public async Task Stop_wakes_a_loop_that_waits_for_nothing()
    {
        using var loop = new Loop();
        using var running = new ManualResetEventSlim();
        loop.Add(new Prepared(running.Set));
        var run = Task.Run(loop.Run, TestContext.Current.CancellationToken);
        running.Wait(TestContext.Current.CancellationToken);
        loop.Stop();
        await run.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.True(loop.Stopped);
    }

    [Fact]
    public void A_watch_is_called_with_its_descriptors_events()
    {
        using var loop = new Loop();
        using var file = Memfd.Create("guestplane-test", 1);
        var said = new List<PollEvents>();
        loop.Add(new LoopWatch(file, said.Add));
        loop.Add(new LoopWatch(file, said.Add, PollEvents.Out));
        loop.Add(new LoopWatch(file, said.Add, PollEvents.None));
        loop.Turn();
        Assert.Equal([PollEvents.In, PollEvents.Out], said);
    }

    [Fact]
    public void An_exception_leaves_the_loop_usable()
    {
        using var loop = new Loop();
        var calls = 0;
        var bad = new LoopTimer(_ => throw new InvalidDataException("bad"));
        loop.Add(bad);
        loop.Add(new Once(_ => { }, () => calls++));
        bad.Set(0);
        Assert.Throws<InvalidDataException>(loop.Turn);
        Step(loop);
        Assert.Equal(1, calls);
    }

    [Fact]
    public void A_turn_allocates_nothing()
    {
        using var loop = new Loop();
        using var file = Memfd.Create("guestplane-test", 1);
        var timer = new LoopTimer(_ => { });
        loop.Add(timer);
        loop.Add(new LoopWatch(file, _ => timer.Set(0)));
        for (var i = 0; i < 100; i++)
            loop.Turn();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            loop.Turn();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>One turn that does not wait.</summary>
    private static void Step(Loop loop)
    {
        var now = new LoopTimer(_ => { });
        now.Set(0);
        loop.Add(now);
        loop.Turn();
        loop.Remove(now);
    }

    private sealed class Once(Action<LoopSource> act, Action count) : LoopSource
    {
        protected internal override void Check(PollEvents ready, long now)
        {
            count();
            act(this);
        }
    }

    private sealed class First(Action count) : LoopSource
    {
        protected internal override bool IsCheckedFirst => true;

        protected internal override void Check(PollEvents ready, long now) => count();
    }

    private sealed class Prepared(Action told) : LoopSource
    {
        protected internal override PollEvents Prepare()
        {
            told();
            return PollEvents.None;
        }

        protected internal override void Check(PollEvents ready, long now)
        {
        }
    }
}

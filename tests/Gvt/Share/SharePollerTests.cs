using Guestplane.Gvt;
using Guestplane.Gvt.Share;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>One vGPU, polled once for all clients.</summary>
public sealed class SharePollerTests
{
    [Fact]
    public void Two_clients_cost_one_GET_per_id_and_each_has_a_descriptor_of_its_own()
    {
        const int Flips = 40;
        var vgpu = new FakeVgpu();
        using var display = new SharedDisplay();
        using var plane = new VfioPlane(PlaneKind.Primary, vgpu, mayEvict: false);
        using var client = display.Client();
        RawDBusClient[] listeners =
            [SharedDisplay.Listen(client, SharedDisplay.DmaBuf2), SharedDisplay.Listen(client, SharedDisplay.DmaBuf2)];
        display.Until(() => display.Server.Listeners == 2);
        var inodes = new HashSet<ulong>();
        for (var i = 0u; i < Flips; i++)
        {
            vgpu.Plane = FakeVgpu.Xrgb(1 + i % 2, 640, 480);
            display.Do(() => plane.Poll(display.Head, Clock.Now, out _));
            foreach (var listener in listeners)
            {
                using var scanout = listener.Next()!;
                using var update = listener.Next()!;
                var number = (int)Assert.Single(scanout.Fds).Handle.DangerousGetHandle();
                inodes.Add(DmaBuf.Identity(new BorrowedFd(number)).Inode);
                listener.Answer(scanout);
                listener.Answer(update);
            }
        }
        foreach (var listener in listeners)
            listener.Dispose();
        Assert.Equal([1u, 2u], vgpu.Gets);
        Assert.Equal(2, inodes.Count);
    }

    [Fact]
    public void A_guest_is_polled_at_its_rate_while_somebody_looks_and_else_once_a_second()
    {
        const double Rate = 200;
        using var loop = new Loop();
        var (polls, isWatched, since) = (new List<long>(), false, Clock.Now);
        using var poller = new SharePoller(loop, now =>
        {
            polls.Add(now);
            return now;
        }, () => isWatched, Rate);
        Turn(() => polls.Count == 2);
        // On a busy machine polls are late; none is early.
        Assert.InRange(polls[1] - since, 1_000_000_000, long.MaxValue);
        (isWatched, since) = (true, Clock.Now);
        poller.PollNow();
        Turn(() => polls.Count == 22);
        Assert.InRange(polls[21] - since, 19 * 5_000_000, long.MaxValue);

        void Turn(Func<bool> isSo)
        {
            while (!isSo())
                loop.Turn();
        }
    }

    [Fact]
    public void A_guest_that_backs_off_is_left_alone_and_one_that_is_back_is_polled_at_once()
    {
        const long BackOffNs = 50_000_000;
        using var loop = new Loop();
        var (polls, answer) = (new List<long>(), (Func<long, long>)(now => now + BackOffNs));
        using var poller = new SharePoller(loop, now =>
        {
            polls.Add(now);
            return answer(now);
        }, () => true, 1000);
        while (polls.Count < 2)
            loop.Turn();
        Assert.InRange(polls[1] - polls[0], BackOffNs, long.MaxValue);
        answer = _ => LoopSource.Never;
        while (polls.Count < 3)
            loop.Turn();
        answer = now => now + BackOffNs;
        poller.PollNow();
        loop.Turn();
        Assert.Equal(4, polls.Count);
    }
}

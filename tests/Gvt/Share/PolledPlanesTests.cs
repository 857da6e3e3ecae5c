using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Gvt.Share.PlanesTests;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>What a client is sent that polls (PollFlips), while it does and when it does no more.</summary>
public sealed class PolledPlanesTests
{
    private const string Object = "/org/guestplane/Display1/Planes", Interface = "org.guestplane.Display1.Planes";

    /// <summary>A poll finds the flip, and the flip goes with its answer: nothing else is sent for it, and nothing is answered.</summary>
    [Fact]
    public void The_flips_that_a_poll_finds_are_in_its_answer()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        Scanout[] images = [display.Image(1), display.Image(2)];
        var polls = 0;
        display.Server.Poll = now =>
        {
            display.Head.Raise(new(PlaneKind.Primary, images[polls++ % 2], default, default, true, now));
            return now + 5;
        };
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.Until(() => display.Server.NeedsPolls);
        for (var i = 0; i < 4; i++)
        {
            listener.Send(Object, Interface, "PollFlips");
            if (i < 2)
                Registered(listener).Dispose();
            Assert.Equal([(Primary, (ulong)(1 + i % 2))], Answered(listener));
        }
        Assert.Equal(4, polls);
        Assert.False(display.Ask(() => display.Server.NeedsPolls));
        using var second = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.Until(() => display.Server.NeedsPolls);
    }

    /// <summary>It is drawn when the client draws, so it need not wake it before.</summary>
    [Fact]
    public void What_the_poll_of_another_found_waits_and_only_the_newest_of_each_plane_is_sent()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        Scanout[] images = [display.Image(1), display.Image(2)];
        var cursor = display.Image(0x80, Fourcc.Argb8888, 16, 8);
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        listener.Send(Object, Interface, "PollFlips");
        Assert.Empty(Answered(listener));
        for (var i = 0; i < 5; i++)
            display.Show(images[i % 2]);
        display.ShowCursor(cursor, new(1, 2));
        display.ShowCursor(cursor, new(3, 4), changed: false);
        listener.Send(Object, Interface, "PollFlips");
        Registered(listener).Dispose();
        Registered(listener).Dispose();
        Assert.Equal([(Primary, 1ul), (Cursor, 2ul)], Answered(listener));
        display.Show(null);
        listener.Send(Object, Interface, "PollFlips");
        Assert.Equal([(Primary, 0ul)], Answered(listener));
        listener.Send(Object, Interface, "PollFlips");
        Assert.Empty(Answered(listener));
    }

    /// <summary>As one whose program was stopped, or who has found an answer that makes no sense.</summary>
    [Fact]
    public void A_client_that_polls_no_more_gets_what_waits_for_it_and_all_to_come_by_calls()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        Scanout[] images = [display.Image(1), display.Image(2)];
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        listener.Send(Object, Interface, "PollFlips");
        Assert.Empty(Answered(listener));
        display.Show(images[0]);
        display.ShowOverlay(images[0], new(7, 8));
        Registered(listener).Dispose();
        Flip(listener, Primary, 1).Dispose();
        Flip(listener, Overlay, 1).Dispose();
        display.Show(images[1]);
        Registered(listener).Dispose();
        Flip(listener, Primary, 2).Dispose();
        // And again by polls.
        listener.Send(Object, Interface, "PollFlips");
        Assert.Empty(Answered(listener));
        display.Show(images[0]);
        listener.Send(Object, Interface, "PollFlips");
        Assert.Equal([(Primary, 1ul)], Answered(listener));
        Assert.Empty(display.Said);
    }

    [Fact]
    public void A_client_that_neither_polls_nor_answers_is_slow()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        listener.Send(Object, Interface, "PollFlips");
        Assert.Empty(Answered(listener));
        display.Show(display.Image(1));
        display.WaitFor("has not answered for a second");
        Assert.False(display.Ask(() => display.Server.NeedsPolls));
    }

    [Fact]
    public void A_client_that_rejects_a_dma_buf_gets_it_as_from_QEMU_while_it_polls()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes, SharedDisplay.DmaBuf2);
        listener.Send(Object, Interface, "PollFlips");
        Assert.Empty(Answered(listener));
        display.Show(display.Image(1));
        listener.Send(Object, Interface, "PollFlips");
        using (var register = listener.Next()!)
            listener.Refuse(register);
        Assert.Equal([(Primary, 1ul)], Answered(listener));
        foreach (var member in (string[])["ScanoutDMABUF2", "UpdateDMABUF"])
            using (var call = listener.Expect(member))
                listener.Answer(call);
        listener.Send(Object, Interface, "PollFlips");
        Assert.Empty(Answered(listener));
    }

    /// <summary>QEMU's own flips come when they come.</summary>
    [Fact]
    public void A_VM_that_is_not_polled_has_no_flips_in_answers()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        listener.Send(Object, Interface, "PollFlips");
        Assert.Empty(Answered(listener));
        display.Show(display.Image(1));
        Registered(listener).Dispose();
        Flip(listener, Primary, 1).Dispose();
    }

    /// <summary>The planes and ids in the answer to a poll.</summary>
    private static List<(uint Plane, ulong Id)> Answered(RawDBusClient listener)
    {
        using var answer = listener.Next()!;
        Assert.Equal((DBusType.Return, "ta(utiiiiuuuuua(iiii)tt)"), (answer.Type, answer.Signature));
        return [.. ((IEnumerable<object>)answer.Values[1]).Select(flip =>
            (IEnumerable<object>)flip is var values ? ((uint)values.First(), (ulong)values.ElementAt(1)) : default)];
    }
}

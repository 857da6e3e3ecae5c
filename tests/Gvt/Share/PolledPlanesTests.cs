using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Gvt.Share.PlanesTests;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>What a client is sent that polls (PollFlips).</summary>
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

    /// <summary>Sent at once, each would be a commit that the next one replaces before it is shown.</summary>
    [Fact]
    public void Of_what_the_polls_of_others_found_the_newest_waits_for_the_clients_own()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        Scanout[] images = [display.Image(1), display.Image(2, Fourcc.Xrgb8888, 32, 8)];
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        Assert.Empty(Polled(listener));
        foreach (var image in images)
            display.Show(image);
        listener.Send(Object, Interface, "PollFlips");
        using (var register = Registered(listener))
            Assert.Equal([32u, 8u], register.Values[2..4]);
        Assert.Equal([(Primary, 1ul)], Answered(listener));
        Assert.Empty(Polled(listener));
    }

    [Fact]
    public void A_plane_that_goes_off_does_not_wait_for_a_poll()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        Find(display, display.Image(1));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        listener.Send(Object, Interface, "PollFlips");
        Registered(listener).Dispose();
        Assert.Equal([(Primary, 1ul)], Answered(listener));
        display.Show(null);
        Flip(listener, Primary, 0).Dispose();
    }

    [Fact]
    public void A_client_that_polls_no_more_gets_calls_again()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        var ended = 0;
        display.Do(() => display.Server.PollsEnded += () => ended++);
        Assert.Empty(Polled(listener));
        display.Show(display.Image(1));
        Registered(listener).Dispose();
        Flip(listener, Primary, 1).Dispose();
        Assert.True(display.Ask(() => display.Server.NeedsPolls && ended == 1));
    }

    /// <summary>The answer to its own poll cannot have it, and its next poll would be a refresh later.</summary>
    [Fact]
    public void An_image_that_the_clients_own_poll_found_does_not_wait_for_another_one()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.Show(display.Image(1));
        Registered(listener).Dispose();
        using var held = listener.Next()!;
        Find(display, display.Image(2));
        Assert.Empty(Polled(listener));
        listener.Answer(held);
        listener.Send(Object, Interface, "PollFlips");
        Registered(listener).Dispose();
        Flip(listener, Primary, 2).Dispose();
        Assert.Empty(Answered(listener));
    }

    [Fact]
    public void A_display_that_reports_its_flips_sends_them_also_to_a_client_that_polls()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        Assert.Empty(Polled(listener));
        Assert.True(display.Ask(() => display.Server.NeedsPolls));
        display.Show(display.Image(1));
        Registered(listener).Dispose();
        Flip(listener, Primary, 1).Dispose();
    }

    [Fact]
    public void A_plane_whose_call_is_not_answered_waits_and_the_others_are_in_the_answer()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        var (image, cursor) = (display.Image(1), display.Image(0x80, Fourcc.Argb8888, 16, 8));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.Show(image);
        Registered(listener).Dispose();
        using var held = listener.Next()!;
        display.Server.Poll = now =>
        {
            display.Head.Raise(new(PlaneKind.Primary, null, default, default, true, now));
            display.Head.Raise(new(PlaneKind.Cursor, cursor, new(1, 2), default, true, now));
            return now;
        };
        listener.Send(Object, Interface, "PollFlips");
        Registered(listener).Dispose();
        Assert.Equal([(Cursor, 2ul)], Answered(listener));
        listener.Answer(held);
        Flip(listener, Primary, 0).Dispose();
    }

    [Fact]
    public void A_client_that_polls_and_does_not_answer_for_a_dma_buf_is_slow()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        Find(display, display.Image(1));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        listener.Send(Object, Interface, "PollFlips");
        display.WaitFor("has not answered for a second");
    }

    [Fact]
    public void A_client_that_rejects_a_dma_buf_gets_it_as_from_QEMU_while_it_polls()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        Find(display, display.Image(1));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes, SharedDisplay.DmaBuf2);
        listener.Send(Object, Interface, "PollFlips");
        using (var register = listener.Next()!)
            listener.Refuse(register);
        Assert.Equal([(Primary, 1ul)], Answered(listener));
        foreach (var member in (string[])["ScanoutDMABUF2", "UpdateDMABUF"])
            using (var call = listener.Expect(member))
                listener.Answer(call);
        Assert.Empty(Polled(listener));
    }

    /// <summary>Its plane is off then, and that is no flip of the planes interface: the client has none of it.</summary>
    [Fact]
    public void An_image_that_is_freed_while_it_waits_for_the_answer_leaves_nothing_behind()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        using var bytes = PlanesTests.Bytes(64, 48);
        display.Do(() => display.Head.Raise(new(PlaneKind.Primary, bytes, default, default, true, Clock.Now)));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        using (var scanout = listener.Expect("Scanout"))
            listener.Answer(scanout);
        var freed = display.Image(1);
        display.Server.Poll = now =>
        {
            display.Head.Raise(new(PlaneKind.Primary, freed, default, default, true, now));
            freed.Dispose();
            return now;
        };
        listener.Send(Object, Interface, "PollFlips");
        using (var off = listener.Expect("Disable"))
            listener.Answer(off);
        Assert.Empty(Answered(listener));
    }

    /// <summary>The next poll finds this image.</summary>
    private static void Find(SharedDisplay display, Scanout image)
    {
        var found = false;
        display.Server.Poll = now =>
        {
            if (!found)
                display.Head.Raise(new(PlaneKind.Primary, image, default, default, true, now));
            found = true;
            return now;
        };
    }

    private static List<(uint Plane, ulong Id)> Polled(RawDBusClient listener)
    {
        listener.Send(Object, Interface, "PollFlips");
        return Answered(listener);
    }

    /// <summary>The planes and ids in the answer to a poll.</summary>
    private static List<(uint Plane, ulong Id)> Answered(RawDBusClient listener)
    {
        using var answer = listener.Next()!;
        Assert.Equal((DBusType.Return, "ta(utiiiiuuuuua(iiii)tt)"), (answer.Type, answer.Signature));
        return [.. ((IEnumerable<object>)answer.Values[1]).Select(flip =>
            ((IEnumerable<object>)flip).ToList() is var values ? ((uint)values[0], (ulong)values[1]) : default)];
    }
}

using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>What a client's listener is sent, call by call.</summary>
public sealed class ShareListenerTests
{
    private const uint Xrgb = QemuByteScanout.X8R8G8B8, Xr24 = 0x34325258;

    [Theory]
    [InlineData("ScanoutDMABUF2 UpdateDMABUF", SharedDisplay.DmaBuf2, SharedDisplay.Map)]
    [InlineData("ScanoutDMABUF UpdateDMABUF", SharedDisplay.Map)]
    [InlineData("ScanoutDMABUF UpdateDMABUF")]
    public void The_best_way_that_a_client_offers_is_used(string calls, params string[] interfaces)
    {
        using var display = new SharedDisplay();
        display.Show(display.Image(7));
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, interfaces);
        foreach (var member in calls.Split(' '))
            using (var call = listener.Next()!)
                Assert.Equal(member, call.Member);
    }

    [Fact]
    public void A_dma_buf_comes_whole_described_and_with_its_descriptor()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        display.Show(display.Image(7), crop: new(8, 4, 32, 16), isBottomUp: true);
        using var scanout = listener.Next()!;
        Assert.Equal(("ScanoutDMABUF2", "ahuuuuauauuuuutb"), (scanout.Member, scanout.Signature));
        Assert.Equal([8u, 4u, 32u, 16u], scanout.Values[1..5].Cast<uint>());
        Assert.Equal([1u, Xr24, 64u, 48u], scanout.Values[7..11].Cast<uint>());
        Assert.Equal([0ul, true], scanout.Values[11..13]);
        Assert.Equal(7, Assert.Single(scanout.Fds).Read(0, 1)[0]);
        using var update = listener.Next()!;
        Assert.Equal([0, 0, 32, 16], update.Values.Cast<int>());
    }

    /// <summary>Down the whole ladder: a client may announce what it cannot do.</summary>
    [Fact]
    public void An_image_that_is_rejected_comes_again_in_the_next_way_and_the_last_has_its_bytes()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        display.Show(display.Image(7));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2, SharedDisplay.Map);
        foreach (var member in (string[])["ScanoutDMABUF2", "ScanoutDMABUF", "ScanoutMap"])
        {
            using var call = listener.Next()!;
            Assert.Equal(member, call.Member);
            listener.Refuse(call);
            if (member == "ScanoutMap")
                continue;
            using var update = listener.Next()!;
            listener.Answer(update);
        }
        using var bytes = listener.Next()!;
        Assert.Equal("Scanout", bytes.Member);
        Assert.Equal([64u, 48u, 256u, Xrgb], bytes.Values[..4].Cast<uint>());
        Assert.Equal(Enumerable.Repeat((byte)7, 64 * 48 * 4), Bytes(bytes.Values[4]));
    }

    [Fact]
    public void A_client_that_maps_has_a_copy_of_its_own_that_is_kept_up_to_date()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var (first, second) = (display.Image(1), display.Image(2));
        display.Show(first);
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Map);
        using var rejected = listener.Next()!;
        using var update = listener.Next()!;
        listener.Refuse(rejected);
        listener.Answer(update);
        using var map = listener.Next()!;
        Assert.Equal("ScanoutMap", map.Member);
        listener.Answer(map);
        // A part of another buffer: the image is another, so all of it is sent again; then a part of the same.
        display.Show(second);
        using var again = listener.Next()!;
        Assert.Equal("ScanoutMap", again.Member);
        listener.Answer(again);
        first.Memory(0).WriteAt(Enumerable.Repeat((byte)9, 64 * 4).ToArray(), 0);
        second.Memory(0).WriteAt(Enumerable.Repeat((byte)9, 64 * 4).ToArray(), 0);
        display.Show(second, damage: new(3, 0, 2, 1));
        using var part = listener.Next()!;
        Assert.Equal(("UpdateMap", "3, 0, 2, 1"), (part.Member, string.Join(", ", part.Values)));
        var row = Assert.Single(again.Fds).Read(0, 64 * 4);
        Assert.Equal((2, 9, 9, 2), (row[8], row[12], row[16], row[20]));
    }

    [Fact]
    public void An_image_that_is_upside_down_is_turned_in_a_copy()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var image = display.Image(1);
        image.Memory(0).WriteAt(Enumerable.Repeat((byte)9, 64 * 4).ToArray(), 0);
        using var listener = SharedDisplay.Listen(client);
        display.Show(image, isBottomUp: true);
        using var scanout = Rejected(listener);
        var bytes = Bytes(scanout.Values[4]);
        Assert.Equal((1, 9), (bytes[0], bytes[^1]));
    }

    [Fact]
    public void The_same_image_again_is_one_update_of_what_changed()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var image = display.Image(7);
        display.Show(image);
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        AnswerImage(listener);
        display.Show(image, damage: new(5, 6, 7, 8));
        using var update = listener.Next()!;
        Assert.Equal(("UpdateDMABUF", "5, 6, 7, 8"), (update.Member, string.Join(", ", update.Values)));
    }

    /// <summary>The newest flip wins for each by itself, and what was missed is in its damage.</summary>
    [Fact]
    public void A_client_that_does_not_answer_misses_images_and_holds_up_nobody()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        Scanout[] images = [display.Image(1), display.Image(2)];
        using var slow = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        using var quick = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        display.Until(() => display.Server.Listeners == 2);
        display.Show(images[0]);
        using var first = slow.Expect("ScanoutDMABUF2");
        using var held = slow.Expect("UpdateDMABUF");
        AnswerImage(quick);
        for (var i = 1; i <= 20; i++)
        {
            display.Show(images[i % 2], damage: new(i, 0, 1, 1));
            AnswerImage(quick);
        }
        display.WaitFor("has not answered for a second");
        display.Show(images[0], damage: new(30, 0, 1, 1));
        AnswerImage(quick, "UpdateDMABUF");
        Assert.Null(slow.Next(TimeSpan.FromMilliseconds(100)));
        slow.Answer(first);
        slow.Answer(held);
        using var newest = slow.Next()!;
        Assert.Equal("UpdateDMABUF", newest.Member);
        // Nothing is known of what the images between have changed: all of it.
        Assert.Equal([0, 0, 64, 48], newest.Values.Cast<int>());
        Assert.Single(display.Said);
    }

    [Fact]
    public void A_plane_that_is_switched_off_is_one_disable_and_comes_again()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var image = display.Image(7);
        display.Show(image);
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        AnswerImage(listener);
        display.Show(null);
        using (var off = listener.Next()!)
        {
            Assert.Equal("Disable", off.Member);
            listener.Answer(off);
        }
        display.Show(image);
        AnswerImage(listener);
    }

    [Fact]
    public void A_cursor_is_its_bytes_and_its_position()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var cursor = display.Image(0x80, Fourcc.Argb8888, 16, 8);
        display.ShowCursor(cursor, new(-3, 20), new(2, 1));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        using (var define = listener.Next()!)
        {
            Assert.Equal("CursorDefine", define.Member);
            Assert.Equal([16, 8, 2, 1], define.Values[..4].Cast<int>());
            Assert.Equal(Enumerable.Repeat((byte)0x80, 16 * 8 * 4), Bytes(define.Values[4]));
            listener.Answer(define);
        }
        AnswerMove(listener, -3, 20, 1);
        // The same image again is not sent again.
        display.ShowCursor(cursor, new(5, 6), new(2, 1));
        AnswerMove(listener, 5, 6, 1);
        display.ShowCursor(null, default);
        AnswerMove(listener, 5, 6, 0);
    }

    [Fact]
    public void A_cursor_that_cannot_be_mapped_is_an_arrow_at_its_hotspot_and_one_sentence()
    {
        using var display = new SharedDisplay();
        var refused = new List<string>();
        display.Head.Refused += refused.Add;
        using var client = display.Client();
        var cursor = display.Image(0x80, Fourcc.Argb8888, 16, 8, isMappable: false);
        display.ShowCursor(cursor, new(10, 20), new(2, 1));
        display.ShowCursor(cursor, new(11, 21), new(2, 1));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        using (var define = listener.Next()!)
        {
            Assert.Equal([24, 24, 0, 0], define.Values[..4].Cast<int>());
            Assert.Equal(0xff, Bytes(define.Values[4])[3]);
            listener.Answer(define);
        }
        AnswerMove(listener, 13, 22, 1);
        Assert.Contains("clients get an arrow in its place", Assert.Single(refused), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_that_no_way_fits_is_one_sentence()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        display.Show(display.Image(1, isMappable: false));
        using var listener = SharedDisplay.Listen(client);
        using var scanout = listener.Next()!;
        using var update = listener.Next()!;
        listener.Refuse(scanout);
        listener.Answer(update);
        display.WaitFor("takes XR24 LINEAR 64x48 in none of the ways in which it can be sent");
    }

    /// <summary>QEMU's guest draws on when the first client has an image, or there is none.</summary>
    [Fact]
    public void A_ticket_is_released_by_the_first_answer_or_at_once_if_nobody_looks()
    {
        using var display = new SharedDisplay();
        var released = new List<long>();
        display.Head.Released += released.Add;
        var image = display.Image(1);
        Flip Ticket(long ticket) => new(PlaneKind.Primary, image, default, default, true, 0) { Ticket = ticket };
        display.Do(() => display.Head.Raise(Ticket(1)));
        Assert.Equal([1L], released);
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        AnswerImage(listener);
        display.Do(() => display.Head.Raise(Ticket(2)));
        Assert.Equal([1L], display.Ask(() => released.ToArray()));
        AnswerImage(listener, "UpdateDMABUF");
        display.Until(() => released is [1, 2]);
    }

    /// <summary>The guest waits for those that answer, and for nobody else.</summary>
    [Theory]
    [InlineData("is not authenticated")]
    [InlineData("is slow")]
    [InlineData("takes no image")]
    public void A_listener_beside_one_that_answers_releases_no_ticket(string beside)
    {
        using var display = new SharedDisplay();
        var released = new List<long>();
        display.Head.Released += released.Add;
        var image = display.Image(1, isMappable: false);
        display.Show(image);
        using var client = display.Client();
        var quick = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        AnswerImage(quick);
        using var other = beside == "is not authenticated" ? client.SendListener(SharedDisplay.Console) : SharedDisplay.Listen(client);
        display.Until(() => display.Server.Listeners == 2);
        if (beside == "is slow")
            display.WaitFor("has not answered for a second");
        if (beside == "takes no image")
        {
            using var scanout = other.Expect("ScanoutDMABUF");
            other.Refuse(scanout);
            using var update = other.Expect("UpdateDMABUF");
            other.Answer(update);
            display.WaitFor("in none of the ways");
        }
        Raise(1);
        Assert.Empty(display.Ask(() => released.ToArray()));
        AnswerImage(quick, "UpdateDMABUF");
        display.Until(() => released is [1]);
        quick.Dispose();
        display.Until(() => display.Server.Listeners < 2);
        Raise(2);
        Assert.Equal([1L, 2], display.Ask(() => released.ToArray()));

        void Raise(long ticket) => display.Do(() =>
            display.Head.Raise(new(PlaneKind.Primary, image, default, default, true, 0) { Ticket = ticket }));
    }

    private static void AnswerImage(RawDBusClient listener, params string[] calls)
    {
        foreach (var member in calls is [] ? ["ScanoutDMABUF2", "UpdateDMABUF"] : calls)
        {
            using var call = listener.Next() ?? throw new IOException($"no {member}");
            Assert.Equal(member, call.Member);
            listener.Answer(call);
        }
    }

    private static void AnswerMove(RawDBusClient listener, params int[] values)
    {
        using var move = listener.Next()!;
        Assert.Equal(("MouseSet", string.Join(", ", values)), (move.Member, string.Join(", ", move.Values)));
        listener.Answer(move);
    }

    /// <summary>The image as bytes, after its dma-buf was rejected.</summary>
    private static DBusMessage Rejected(RawDBusClient listener)
    {
        using var dmaBuf = listener.Next()!;
        using var update = listener.Next()!;
        listener.Refuse(dmaBuf);
        listener.Answer(update);
        var bytes = listener.Next()!;
        Assert.Equal("Scanout", bytes.Member);
        return bytes;
    }

    private static byte[] Bytes(object value) => value as byte[] ?? [.. ((IEnumerable<object>)value).Cast<byte>()];
}

using Guestplane.Gvt;
using Guestplane.Gvt.Share;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>What a client is sent that takes the planes interface (protocols/dbus/org.guestplane.Display1.xml).</summary>
public sealed class PlanesTests
{
    internal const uint Overlay = 0, Primary = 1, Cursor = 2;

    [Fact]
    public void Consoles_say_that_they_have_planes_and_whether_they_are_polled()
    {
        using var display = new SharedDisplay(isPolled: true);
        using var client = display.Client();
        using var polled = client.Call(SharedDisplay.Console, "org.freedesktop.DBus.Properties", "Get",
            "ss", "org.guestplane.Display1.Console.Planes", "IsPolled");
        Assert.Equal(true, Assert.IsType<DBusVariant>(polled.Values[0]).Value);
        using var interfaces = client.Call(SharedDisplay.Console, "org.freedesktop.DBus.Properties", "Get",
            "ss", SharedDisplay.Interface, "Interfaces");
        Assert.Contains("org.guestplane.Display1.Console.Planes",
            ((IEnumerable<object>)Assert.IsType<DBusVariant>(interfaces.Values[0]).Value).Cast<string>());
    }

    [Fact]
    public void Each_dma_buf_comes_once_and_then_its_id()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        Scanout[] images = [display.Image(1), display.Image(2)];
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes, SharedDisplay.DmaBuf2);
        var ids = new List<ulong>();
        foreach (var image in images)
        {
            display.Show(image, crop: new(8, 4, 32, 16), isBottomUp: true);
            using var register = listener.Next()!;
            Assert.Equal(("Register", "tahuuauauuta{sv}"), (register.Member, register.Signature));
            Assert.Equal([64u, 48u], register.Values[2..4].Cast<uint>());
            Assert.Equal([0x34325258u, 0ul], register.Values[6..8]);
            Assert.Equal(ids.Count + 1, Assert.Single(register.Fds).Read(0, 1)[0]);
            ids.Add((ulong)register.Values[0]);
            listener.Answer(register);
            using var flip = Flip(listener, Primary, ids[^1]);
            Assert.Equal([8u, 4u, 32u, 16u, 3u], flip.Values[6..11].Cast<uint>());
        }
        Assert.NotEqual(ids[0], ids[1]);
        for (var i = 0; i < 4; i++)
        {
            display.Show(images[i % 2], damage: new(i, 2, 3, 4));
            using var flip = Flip(listener, Primary, ids[i % 2]);
            Assert.Equal($"{i},2,3,4", string.Join(',', (IEnumerable<object>)((IEnumerable<object>)flip.Values[11]).Single()));
            Assert.Equal((ulong)i + 3, flip.Values[13]);
        }
        display.Show(null);
        Flip(listener, Primary, 0).Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/sys/devices/pci0000:00/0000:00:02.0")]
    public void Memory_that_only_one_GPU_can_read_names_it(string? gpu)
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.Show(display.Image(1, gpu: gpu));
        using var register = Registered(listener);
        var options = ((IEnumerable<object>)register.Values[8]).Cast<DBusEntry>().ToList();
        Assert.Equal(gpu is null ? [] : [("gpu", gpu)], options.Select(one => (one.Key, ((DBusVariant)one.Value).Value)));
    }

    /// <summary>A cursor moves while the client holds back the next image, and the newest of each waits for its turn.</summary>
    [Fact]
    public void Planes_do_not_wait_for_each_other()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var cursor = display.Image(0x80, Fourcc.Argb8888, 16, 8, isMappable: false);
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.Show(display.Image(1));
        using var image = Registered(listener);
        using var held = listener.Next()!;
        display.ShowCursor(cursor, new(-3, 20), new(2, 1));
        using var register = Registered(listener);
        using (var flip = Flip(listener, Cursor, (ulong)register.Values[0]))
        {
            Assert.Equal([-3, 20, 2, 1], flip.Values[2..6].Cast<int>());
            Assert.Equal(1u, flip.Values[10]);
        }
        display.ShowCursor(cursor, new(5, 6), new(2, 1), changed: false);
        using (var moved = Flip(listener, Cursor, (ulong)register.Values[0]))
            Assert.Equal(0u, moved.Values[10]);
        display.ShowOverlay(display.Image(3, Fourcc.Xrgb8888, 32, 16), new(7, 8));
        using var overlay = Registered(listener);
        using (var flip = Flip(listener, Overlay, (ulong)overlay.Values[0]))
            Assert.Equal([7, 8], flip.Values[2..4].Cast<int>());
        display.ShowOverlay(null, default);
        Flip(listener, Overlay, 0).Dispose();
        Assert.Equal((Primary, image.Values[0]), (held.Values[0], held.Values[1]));
        // Nobody read the cursor's memory, so nobody found that it cannot be. On a busy machine this client may be called slow.
        Assert.DoesNotContain(display.Said, line => !line.Contains("has not answered for a second", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cursor_without_a_dma_buf_comes_as_bytes_and_back()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var plane = display.Image(0x80, Fourcc.Argb8888, 16, 8);
        using var bytes = Bytes(16, 8);
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.ShowCursor(plane, new(1, 2));
        using var register = Registered(listener);
        Flip(listener, Cursor, (ulong)register.Values[0]).Dispose();
        display.ShowCursor(bytes, new(3, 4));
        foreach (var member in (string[])["CursorDefine", "MouseSet"])
        {
            using var call = listener.Next()!;
            Assert.Equal(member, call.Member);
            listener.Answer(call);
        }
        display.ShowCursor(plane, new(1, 2));
        Flip(listener, Cursor, (ulong)register.Values[0]).Dispose();
        display.ShowCursor(null, default);
        Flip(listener, Cursor, 0).Dispose();
        display.Do(() => { });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_client_that_rejects_a_plane_gets_all_of_them_as_from_QEMU(bool atRegister)
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var cursor = display.Image(0x80, Fourcc.Argb8888, 16, 8);
        display.Show(display.Image(1));
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes, SharedDisplay.DmaBuf2);
        using var register = listener.Next()!;
        using var flip = listener.Next()!;
        display.ShowCursor(cursor, new(1, 2));
        if (atRegister)
            listener.Refuse(register);
        else
            listener.Answer(register);
        listener.Refuse(flip);
        var members = new List<string>();
        while (members.Count < 4)
        {
            using var call = listener.Next()!;
            if (call.Interface != SharedDisplay.Planes)
                members.Add(call.Member!);
            listener.Answer(call);
        }
        Assert.Equal(["CursorDefine", "MouseSet", "ScanoutDMABUF2", "UpdateDMABUF"], members.Order());
    }

    [Fact]
    public void What_the_VM_has_freed_is_forgotten_and_so_is_the_oldest_of_too_many()
    {
        const int Most = 64;
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        var images = Enumerable.Range(0, Most + 1).Select(i => display.Image((byte)i, width: 16, height: 8)).ToList();
        var ids = new List<ulong>();
        foreach (var image in images)
        {
            display.Show(image);
            if (ids.Count == Most)
                Forgotten(listener, ids[0]);
            using var register = Registered(listener);
            ids.Add((ulong)register.Values[0]);
            Flip(listener, Primary, ids[^1]).Dispose();
        }
        display.Do(images[5].Dispose);
        Forgotten(listener, ids[5]);
        display.Show(images[0]);
        using var again = Registered(listener);
        Assert.DoesNotContain((ulong)again.Values[0], ids);
    }

    [Fact]
    public void An_image_that_is_freed_before_it_was_sent_switches_its_plane_off()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.Show(display.Image(1));
        using var register = listener.Next()!;
        using var flip = listener.Next()!;
        var freed = display.Image(2);
        display.Show(freed);
        display.Do(freed.Dispose);
        listener.Answer(register);
        listener.Answer(flip);
        Flip(listener, Primary, 0).Dispose();
    }

    /// <summary>A client that polls without end costs no queries, and a VM that backs off is left alone.</summary>
    [Fact]
    public void Polls_of_several_clients_at_one_time_are_one()
    {
        using var loop = new Loop();
        var (polls, backOff) = (0, 0L);
        using var poller = new SharePoller(loop, now =>
        {
            polls++;
            return now + backOff;
        }, () => false, 1);
        var start = Clock.Now + 1_000_000_000;
        for (var i = 0; i < 1000; i++)
            poller.PollFor(start + i * 1_000);
        Assert.Equal(4, polls);
        backOff = 50_000_000;
        var again = poller.PollFor(start + 10_000_000);
        Assert.Equal(start + 60_000_000, again);
        Assert.Equal(again, poller.PollFor(again - 1));
        Assert.Equal(5, polls);
    }

    internal static Scanout Bytes(int width, int height)
    {
        var memory = Memfd.Create("bytes", width * height * 4);
        using (memory)
            return Scanout.Create(Mapping.Of(memory, width * height * 4, writable: true),
                new PlaneLayout((uint)width, (uint)height, Fourcc.Argb8888, Modifier.Linear, [new(0, (uint)width * 4, width * height * 4)]),
                out var problem) ?? throw new InvalidOperationException(problem);
    }

    internal static DBusMessage Registered(RawDBusClient listener)
    {
        var register = listener.Next()!;
        Assert.Equal("Register", register.Member);
        listener.Answer(register);
        return register;
    }

    internal static DBusMessage Flip(RawDBusClient listener, uint plane, ulong id)
    {
        var flip = listener.Next()!;
        Assert.Equal(("Flip", "utiiiiuuuuua(iiii)tt"), (flip.Member, flip.Signature));
        Assert.Equal([plane, id], flip.Values[..2]);
        listener.Answer(flip);
        return flip;
    }

    private static void Forgotten(RawDBusClient listener, ulong id)
    {
        using var forget = listener.Next()!;
        Assert.Equal(("Forget", id), (forget.Member, forget.Values[0]));
    }
}

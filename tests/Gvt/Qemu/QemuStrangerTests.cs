using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>Messages that no QEMU sends: the last good image stays, one sentence says why, and nothing is left of them.</summary>
[Collection(Descriptors.Name)]
public sealed class QemuStrangerTests
{
    private const int Times = 4;
    private const uint Xrgb = QemuByteScanout.X8R8G8B8, Nv12 = 0x3231564e;
    private const string Dmabuf2 = "ahuuuuauauuuuutb";

    /// <summary>What is wrong with each, in the words of the sentence; empty: the message means nothing, and is not worth one.</summary>
    private static readonly Dictionary<string, (string Problem, Func<Fd, QemuRawMessage> Message)> s_messages = new()
    {
        ["Scanout of 0x0"] = ("0x0", _ => Scanout(0, 0, 0, Xrgb, [])),
        ["Scanout without bytes"] = ("has 0", _ => Scanout(4, 4, 16, Xrgb, [])),
        ["Scanout with too few bytes"] = ("63", _ => Scanout(4, 4, 16, Xrgb, new byte[63])),
        ["Scanout wider than any display"] = ("16385x1", _ => Scanout(16385, 1, 65540, Xrgb, new byte[65540])),
        ["Scanout of 2^32-1 squared"] = ("outside", _ => Scanout(uint.MaxValue, uint.MaxValue, uint.MaxValue, Xrgb, new byte[64])),
        ["Scanout whose size overflows"] = ("32 bits", _ => Scanout(4, 16384, uint.MaxValue, Xrgb, new byte[64])),
        ["Scanout of an unknown format"] = ("0x20010888", _ => Scanout(4, 4, 16, 0x2001_0888, new byte[64])),
        ["Scanout with a stride too short"] = ("stride of 15", _ => Scanout(4, 4, 15, Xrgb, new byte[64])),
        ["Scanout with a stride of 0"] = ("stride of 0", _ => Scanout(4, 4, 0, Xrgb, new byte[64])),
        ["Scanout cut in its header"] = ("could not be used", _ => Cut(Scanout(4, 4, 16, Xrgb, new byte[64]), 10)),
        ["Scanout cut in its bytes"] = ("could not be used", _ => Cut(Scanout(4, 4, 16, Xrgb, new byte[64]), 30)),
        ["Scanout without a body"] = ("could not be used", _ => Cut(Scanout(4, 4, 16, Xrgb, new byte[64]), 0)),
        ["Scanout of signed numbers"] = ("", _ => Raw("Scanout", "iiiiay", 4, 4, 16, 5, new byte[64])),
        ["Scanout without a signature"] = ("", _ => Raw("Scanout", "")),
        ["Update of nothing"] = ("0x0", _ => Update(0, 0, 0, 0, 0, Xrgb, [])),
        ["Update of a negative area"] = ("inside", _ => Update(0, 0, -1, -1, 4, Xrgb, new byte[4])),
        ["Update at a negative place"] = ("0x0", _ => Update(-1, 0, 1, 1, 4, Xrgb, new byte[4])),
        ["Update at the end of numbers"] = ("0x0", _ => Update(int.MaxValue, int.MaxValue, 1, 1, 4, Xrgb, new byte[4])),
        ["Update beyond any image"] = ("inside", _ => Update(16384, 0, 1, 1, 4, Xrgb, new byte[4])),
        ["Update of another format"] = ("RG16", _ => Update(0, 0, 1, 1, 4, 0x1002_0565, new byte[4])),
        ["Update of an unknown format"] = ("0x00000000", _ => Update(0, 0, 1, 1, 4, 0, new byte[4])),
        ["Update with a stride too short"] = ("stride of 3", _ => Update(0, 0, 1, 1, 3, Xrgb, new byte[4])),
        ["Update with too few bytes"] = ("7", _ => Update(0, 0, 2, 1, 8, Xrgb, new byte[7])),
        ["Update with too few bytes beyond the image"] = ("7", _ => Update(4000, 4000, 2, 1, 8, Xrgb, new byte[7])),
        ["Update of another format beyond the image"] = ("RG16", _ => Update(4000, 4000, 1, 1, 4, 0x1002_0565, new byte[4])),
        ["ScanoutDMABUF of 0x0"] = ("0x0", fd => Dmabuf1(fd, 0, 0, 256, QemuVm.Xr24)),
        ["ScanoutDMABUF larger than its memory"] = ("the dma-buf has", fd => Dmabuf1(fd, 64, 49, 256, QemuVm.Xr24)),
        ["ScanoutDMABUF with a stride too short"] = ("stride of 255", fd => Dmabuf1(fd, 64, 4, 255, QemuVm.Xr24)),
        ["ScanoutDMABUF of an unknown format"] = ("ZZZZ", fd => Dmabuf1(fd, 64, 4, 256, 0x5a5a5a5a)),
        ["ScanoutDMABUF of two planes"] = ("NV12", fd => Dmabuf1(fd, 64, 4, 256, Nv12)),
        ["ScanoutDMABUF without a descriptor"] = ("could not be used", _ => With(Dmabuf1(null, 64, 4, 256, QemuVm.Xr24))),
        ["ScanoutDMABUF of a descriptor that did not come"] = ("could not be used", fd => With(Dmabuf1(null, 64, 4, 256, QemuVm.Xr24, 7), fd)),
        ["ScanoutDMABUF2 without planes"] = ("0 memory planes", fd => Dmabuf2Of([fd], 0, 0, 64, 48, [], [], 0, 64, 48)),
        ["ScanoutDMABUF2 of five planes"] = ("5 memory planes", fd => Dmabuf2Of([fd], 0, 0, 64, 48, [0, 0, 0, 0, 0], [256, 256, 256, 256, 256], 5, 64, 48)),
        ["ScanoutDMABUF2 of 2^32-1 planes"] = ("4294967295 memory planes", fd => Dmabuf2Of([fd], 0, 0, 64, 48, [0], [256], uint.MaxValue, 64, 48)),
        ["ScanoutDMABUF2 without descriptors"] = ("0 descriptors", _ => Dmabuf2Of([], 0, 0, 64, 48, [0], [256], 1, 64, 48)),
        ["ScanoutDMABUF2 of five descriptors"] = ("more than 4 descriptors", fd => Dmabuf2Of([fd, fd, fd, fd, fd], 0, 0, 64, 48, [0], [256], 1, 64, 48)),
        ["ScanoutDMABUF2 with fewer strides than planes"] = ("1 strides", fd => Dmabuf2Of([fd], 0, 0, 64, 48, [0, 0], [256], 2, 64, 48)),
        ["ScanoutDMABUF2 of one plane too few"] = ("has 2 memory planes", fd => Dmabuf2Of([fd], 0, 0, 64, 48, [0], [256], 1, 64, 48, Nv12)),
        ["ScanoutDMABUF2 beyond its memory"] = ("the dma-buf has", fd => Dmabuf2Of([fd], 0, 0, 64, 48, [256], [256], 1, 64, 48)),
        ["ScanoutDMABUF2 of no part"] = ("0x0", fd => Dmabuf2Of([fd], 0, 0, 0, 0, [0], [256], 1, 64, 48)),
        ["ScanoutDMABUF2 of a part outside"] = ("not inside", fd => Dmabuf2Of([fd], 1, 0, 64, 48, [0], [256], 1, 64, 48)),
        ["ScanoutDMABUF2 of a part that overflows"] = ("not inside", fd => Dmabuf2Of([fd], uint.MaxValue, uint.MaxValue, 64, 48, [0], [256], 1, 64, 48)),
        ["ScanoutDMABUF2 of a huge buffer"] = ("outside", fd => Dmabuf2Of([fd], 0, 0, 64, 48, [0], [256], 1, uint.MaxValue, uint.MaxValue)),
        ["ScanoutDMABUF2 cut in its strides"] = ("could not be used", fd => Cut(Dmabuf2Of([fd], 0, 0, 64, 48, [0], [256], 1, 64, 48), 34)),
        ["ScanoutMap of nothing"] = ("", fd => With(Raw("ScanoutMap", "huuuuu", 0u, 0u, 0u, 0u, 0u, 0u), fd)),
        ["ScanoutMap beyond its memory"] = ("", fd => With(Raw("ScanoutMap", "huuuuu", 0u, 4u, 64u, 48u, 256u, Xrgb), fd)),
        ["UpdateMap of no map"] = ("", _ => Raw("UpdateMap", "iiii", 0, 0, 1, 1)),
        ["CursorDefine of 513x1"] = ("513x1", _ => Cursor(513, 1, new byte[513 * 4])),
        ["CursorDefine of a negative size"] = ("-1x-1", _ => Cursor(-1, -1, new byte[4])),
        ["CursorDefine of nothing"] = ("0x0", _ => Cursor(0, 0, [])),
        ["CursorDefine with too few bytes"] = ("15", _ => Cursor(2, 2, new byte[15])),
        ["CursorDefine of 2^31-1 squared"] = ("outside", _ => Cursor(int.MaxValue, int.MaxValue, new byte[4])),
        ["MouseSet of text"] = ("", _ => Raw("MouseSet", "s", "here")),
        ["A member that is none"] = ("", _ => Raw("Explode", "u", 1u)),
        ["GetAll of nothing"] = ("", _ => new QemuRawMessage { Interface = "org.freedesktop.DBus.Properties", Member = "GetAll" }),
        ["Another path"] = ("", _ => new QemuRawMessage { Path = "/", Member = "Disable" }),
        ["A signal"] = ("", _ => new QemuRawMessage { Type = 4, Member = "Disable" }),
        ["More descriptors than a message takes"] = ("", fd => new QemuRawMessage { Member = "Explode", Fds = [fd, fd, fd] }),
        ["Fewer descriptors than are announced"] = ("", _ => new QemuRawMessage { Member = "Disable", FdCount = 2 }),
        ["A type that is none"] = ("", _ => new QemuRawMessage { Type = 0, Member = "Disable" }),
        ["A path that is none"] = ("", _ => new QemuRawMessage { Path = "nowhere", Member = "Disable" }),
    };

    public static TheoryData<string> Messages => [.. s_messages.Keys];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_wrong_message_causes_at_most_one_sentence(string name)
    {
        var (problem, message) = s_messages[name];
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        var (good, live, open) = (vm.Last.Scanout, Fd.Live, Descriptors.Open);
        for (var i = 0; i < Times; i++)
            vm.Qemu.Console.SendRaw(message(memory));
        vm.Settle();
        Assert.Same(good, vm.Last.Scanout);
        Assert.Equal((live, 0), (Fd.Live, vm.Lost.Count));
        // The runtime opens one of its own at times.
        Assert.InRange(Descriptors.Open, 0, open + Times - 1);
        Assert.Equal(problem.Length > 0 ? 1 : 0, vm.Refused.Distinct().Count());
        Assert.All(vm.Refused, sentence => Assert.Matches("^virtio-vga: [^\n]*" + problem + "[^\n]*[.]$", sentence));
        // guestplane share serves the same.
        Assert.All(vm.Refused, sentence => Assert.DoesNotContain("QEMU", sentence, StringComparison.Ordinal));
        // And what comes next is heard.
        vm.Qemu.Console.Update(0, 0, 1, 1, 4, Xrgb, [1, 2, 3, 4]);
        vm.Settle();
        Assert.Equal([1, 2, 3, 4], vm.Last.Scanout!.Pixels!.Bytes[..4].ToArray());
    }

    /// <summary>Its descriptors stay open: libsystemd forgets those of a message that it drops (bus_socket_make_message).</summary>
    [Fact]
    public void A_message_with_more_descriptors_than_it_declares_is_dropped()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Qemu.Console.SendRaw(new QemuRawMessage { Member = "Disable", Fds = [memory, memory], FdCount = 1 });
        vm.Settle();
        Assert.Empty(vm.Lost);
    }

    [Fact]
    public void A_message_above_the_size_limit_ends_the_connection()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.SendRaw(new QemuRawMessage { Member = "Disable", BodySize = uint.MaxValue });
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.NotNull(vm.Last.Scanout);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("l\u0001\u0001\u0001")]
    [InlineData("B\u0001\u0001\u0001\u007f\u007f\u007f\u007f\0\0\0\u0001\u007f\u007f\u007f\u007f")]
    public void Bytes_that_are_not_a_message_end_the_connection(string bytes)
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.SendBytes(System.Text.Encoding.Latin1.GetBytes(bytes + "\n GET / HTTP/1.1\r\n\r\n and so on, and so on, and so on"));
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.NotNull(vm.Last.Scanout);
    }

    [Fact]
    public void A_cursor_position_beyond_every_image_is_bounded()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.MouseSet(int.MinValue, int.MaxValue, true);
        vm.Turn(() => vm.Cursor[^1].Position == new PixelPoint(-PixelPoint.Farthest, PixelPoint.Farthest));
        Assert.Empty(vm.Refused);
    }

    [Fact]
    public void Invalid_damage_counts_as_full_damage()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm(QemuVm.Small(console => console.IsThrottled = false));
        vm.Show(memory);
        const int Most = int.MaxValue;
        foreach (var (x, y, width, height) in new[] { (-1, 0, 5, 5), (0, 0, -5, -5), (Most, Most, Most, Most), (60, 40, 16384, 16384) })
        {
            var before = vm.Flips.Count;
            vm.Qemu.Console.UpdateDmabuf(x, y, width, height);
            vm.Turn(() => vm.Flips.Count > before);
            Assert.Equal(vm.Last.DamagedSource, vm.Last.DamagedSource.Intersect(new(0, 0, 64, 48)));
            vm.Head.Release(vm.Last.Ticket);
        }
    }

    /// <summary>Much more than a host shows, from a guest that is not throttled: bytes need no answer.</summary>
    [Fact]
    public void A_flood_of_messages_costs_no_memory_and_does_not_starve_the_loop()
    {
        // As many as Bus handles in a turn.
        const int Messages = 20_000, MostPerTurn = 64;
        using var vm = new QemuVm(QemuVm.Small(console => (console.Width, console.Height) = (16, 16)));
        vm.Settle();
        var (flips, ticks) = (0, 0);
        vm.Head.Flipped += _ => flips++;
        var tick = new LoopTimer(_ => ticks++);
        vm.Loop.Add(tick);
        var (allocated, live) = (0L, Fd.Live);
        for (var turn = 0; flips < Messages; turn++)
        {
            if (turn % MostPerTurn == 0)
                Send(Math.Min(Messages - flips, MostPerTurn * MostPerTurn));
            var before = (Flips: flips, Ticks: ticks);
            tick.Set(Clock.Now);
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            vm.Loop.Turn(5_000_000);
            allocated += GC.GetAllocatedBytesForCurrentThread() - bytes;
            Assert.Equal(before.Ticks + 1, ticks);
            Assert.InRange(flips - before.Flips, 0, MostPerTurn);
            vm.Flips.Clear();
        }
        vm.Settle();
        Assert.Equal((live, 0L), (Fd.Live, vm.Qemu.Console.Unsent));
        // What is not allocated is not kept.
        Assert.InRange(allocated / Messages, 0, 200);

        void Send(int count)
        {
            for (var i = 0; i < count; i++)
                vm.Qemu.Console.Update(0, 0, 1, 1, 4, Xrgb, [1, 2, 3, 4]);
        }
    }

    private static QemuRawMessage Raw(string member, string signature, params object[] values) => new()
    {
        Interface = member is "ScanoutMap" or "UpdateMap" ? QemuListenerNames.Map : QemuListenerNames.Base,
        Member = member,
        Signature = signature,
        Body = QemuRawMessage.Marshal(signature, values),
    };

    private static QemuRawMessage With(QemuRawMessage message, params Fd[] fds) => new()
    {
        Interface = message.Interface,
        Member = message.Member,
        Signature = message.Signature,
        Body = message.Body,
        Fds = fds,
    };

    private static QemuRawMessage Cut(QemuRawMessage message, int length) => Bodied(message, message.Body[..length]);

    private static QemuRawMessage Bodied(QemuRawMessage message, byte[] body) => new()
    {
        Interface = message.Interface,
        Member = message.Member,
        Signature = message.Signature,
        Body = body,
        Fds = message.Fds,
    };

    private static QemuRawMessage Scanout(uint width, uint height, uint stride, uint format, byte[] bytes) =>
        Raw("Scanout", "uuuuay", width, height, stride, format, bytes);

    private static QemuRawMessage Update(int x, int y, int width, int height, uint stride, uint format, byte[] bytes) =>
        Raw("Update", "iiiiuuay", x, y, width, height, stride, format, bytes);

    private static QemuRawMessage Cursor(int width, int height, byte[] bytes) => Raw("CursorDefine", "iiiiay", width, height, 0, 0, bytes);

    private static QemuRawMessage Dmabuf1(Fd? fd, uint width, uint height, uint stride, uint fourcc, uint index = 0) =>
        With(Raw("ScanoutDMABUF", "huuuutb", index, width, height, stride, fourcc, 0ul, false), fd is null ? [] : [fd]);

    private static QemuRawMessage Dmabuf2Of(
        Fd[] fds, uint x, uint y, uint width, uint height, uint[] offsets, uint[] strides, uint planes,
        uint backingWidth, uint backingHeight, uint fourcc = QemuVm.Xr24) =>
        With(
            Raw("ScanoutDMABUF2", Dmabuf2, fds.Select((_, i) => (uint)i).ToArray(), x, y, width, height, offsets, strides, planes,
                fourcc, backingWidth, backingHeight, 0ul, false),
            fds);

    private static class QemuListenerNames
    {
        public const string Base = "org.qemu.Display1.Listener", Map = Base + ".Unix.Map";
    }
}

using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;
using static Guestplane.Tests.Gvt.Qemu.PlaneMessages;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>What a listener takes by the planes interface of guestplane share, whose server is a stranger, too.</summary>
[Collection(Descriptors.Name)]
public sealed class QemuPlanesTests
{
    private const int Times = 4;

    private static readonly Dictionary<string, (string Problem, Func<Fd, QemuRawMessage> Message)> s_lies = new()
    {
        ["Register of id 0"] = ("id 0", fd => Register(fd, 0)),
        ["Register of an id that is in use"] = ("registered already", fd => Register(fd, 1)),
        ["Register of 0x0"] = ("0x0", fd => Register(fd, 9, width: 0, height: 0)),
        ["Register beyond its memory"] = ("the dma-buf has", fd => Register(fd, 9, height: 49)),
        ["Register of an unknown format"] = ("ZZZZ", fd => Register(fd, 9, fourcc: 0x5a5a5a5a)),
        ["Register without a descriptor"] = ("1 to 4 descriptors", _ => Raw("Register", RegisterTypes,
            9ul, Array.Empty<uint>(), 64u, 48u, new[] { 0u }, new[] { 256u }, QemuVm.Xr24, 0ul, Array.Empty<object>())),
        ["Register of strides without offsets"] = ("0 offsets and 1 strides", fd => With(fd, Raw("Register", RegisterTypes,
            9ul, new[] { 0u }, 64u, 48u, Array.Empty<uint>(), new[] { 256u }, QemuVm.Xr24, 0ul, Array.Empty<object>()))),
        ["Register of a GPU that is none"] = ("the GPU /etc is no folder", fd => Register(fd, 9, options: [Option("gpu", "/etc")])),
        ["Register of a GPU elsewhere"] = ("is no folder", fd => Register(fd, 9, options: [Option("gpu", "/sys/devices/../../etc")])),
        ["Register of a GPU that is a number"] = ("reading a message", fd => Register(fd, 9, options: [Option("gpu", 57857u)])),
        ["Register cut short"] = ("reading a message", fd => With(fd, new QemuRawMessage
        {
            Interface = PlanesName,
            Member = "Register",
            Signature = RegisterTypes,
            Body = [.. Register(fd, 9).Body[..20]],
        })),
        ["Flip of an id that is none"] = ("under id 77", _ => Flip(Primary, 77)),
        ["Flip of a plane that is none"] = ("no plane 3", _ => Flip(3, 1)),
        ["Flip of a part outside"] = ("not inside", _ => Flip(Primary, 1, crop: [1, 0, 64, 48])),
        ["Flip of a part that overflows"] = ("not inside", _ => Flip(Primary, 1, crop: [uint.MaxValue, 1, uint.MaxValue, 1])),
        ["Flip with damage without end"] = ("reading a message", _ => Flip(Primary, 1, damage:
            [.. Enumerable.Range(0, 1000).Select(i => new object[] { i, 0, 1, 1 })])),
        ["Flip of other types"] = ("", _ => Raw("Flip", "u", 1u)),
        ["Forget of an id that is none"] = ("", _ => Raw("Forget", "t", 77ul)),
        ["A member that is none"] = ("", _ => Raw("Explode", "t", 1ul)),
    };

    public static TheoryData<string> Lies => [.. s_lies.Keys];

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_lie_is_one_sentence_at_most_and_the_last_image_stays(string name)
    {
        var (problem, message) = s_lies[name];
        using var memory = QemuVm.Memory();
        using var vm = Vm();
        Show(vm, memory);
        var (good, live, open) = (vm.Last.Scanout, Fd.Live, Descriptors.Open);
        for (var i = 0; i < Times; i++)
            vm.Qemu.Console.SendRaw(message(memory));
        vm.Settle();
        Assert.Same(good, vm.Last.Scanout);
        Assert.False(good!.IsRetired);
        Assert.Equal((live, 0), (Fd.Live, vm.Lost.Count));
        Assert.InRange(Descriptors.Open, 0, open + Times - 1);
        Assert.Equal(problem.Length > 0 ? 1 : 0, vm.Refused.Distinct().Count());
        Assert.All(vm.Refused, sentence => Assert.Matches("^virtio-vga: [^\n]*" + problem + "[^\n]*[.]$", sentence));
        // And what comes next is heard.
        vm.Qemu.Console.SendRaw(Flip(Cursor, 1, x: 3, y: 4, hotX: 63, hotY: 47));
        vm.Turn(() => vm.Cursor is [.., { Position: { X: 3, Y: 4 }, Hotspot: { X: 63, Y: 47 } } flip] && flip.Scanout == good);
    }

    [Fact]
    public void Memory_that_only_one_GPU_can_read_is_known_as_such()
    {
        const string Gpu = "/sys/devices/pci0000:00/0000:00:02.0";
        using var memory = QemuVm.Memory();
        using var vm = Vm();
        vm.Qemu.Console.SendRaw(Register(memory, 1, options: [Option("of tomorrow", 5u), Option("gpu", Gpu), Option("gpus", "all")]));
        vm.Qemu.Console.SendRaw(Flip(Primary, 1));
        vm.Turn(() => vm.Last.Ticket > 0);
        Assert.Equal(Gpu, vm.Last.Scanout!.Gpu);
        Assert.Empty(vm.Refused);
    }

    [Fact]
    public void Wild_positions_hotspots_damage_and_times_are_bounded()
    {
        using var memory = QemuVm.Memory();
        using var vm = Vm();
        Show(vm, memory);
        vm.Qemu.Console.SendRaw(Flip(Cursor, 1, x: int.MinValue, y: int.MaxValue, hotX: 64, hotY: -1, time: ulong.MaxValue));
        vm.Turn(() => vm.Cursor[^1].Position == new PixelPoint(-PixelPoint.Farthest, PixelPoint.Farthest));
        Assert.Equal(default, vm.Cursor[^1].Hotspot);
        Assert.InRange(vm.Cursor[^1].Time, 0, Clock.Now);
        vm.Flips.Clear();
        vm.Qemu.Console.SendRaw(Flip(Primary, 1, x: 5, damage: [[0, 0, 4, 4], [-1, 0, 1, 1]]));
        vm.Qemu.Console.SendRaw(Flip(Primary, 1, damage: [[0, 0, 4, 4], [10, 20, 4, 4]]));
        vm.Turn(() => vm.Flips.Count == 2);
        Assert.Equal((default, default), (vm.Flips[0].Position, vm.Flips[0].Damage));
        Assert.Equal(new(0, 0, 14, 24), vm.Flips[1].Damage);
        Assert.Empty(vm.Refused);
    }

    [Fact]
    public void What_is_forgotten_while_it_is_shown_stays_until_its_plane_shows_another()
    {
        using var memory = QemuVm.Memory();
        using var vm = Vm();
        Show(vm, memory);
        var shown = vm.Last.Scanout!;
        vm.Qemu.Console.SendRaw(Raw("Forget", "t", 1ul));
        vm.Settle();
        Assert.False(shown.IsRetired);
        vm.Qemu.Console.SendRaw(Flip(Primary, 0));
        vm.Turn(() => vm.Last.Scanout is null);
        Assert.True(shown.IsRetired);
    }

    /// <summary>The server sends no overlay any more, and says nothing of it.</summary>
    [Fact]
    public void After_a_call_that_was_refused_the_overlay_is_off()
    {
        using var memory = QemuVm.Memory();
        using var vm = Vm();
        Show(vm, memory);
        vm.Qemu.Console.SendRaw(Flip(Overlay, 1));
        vm.Turn(() => vm.Head.Newest(PlaneKind.Overlay).Scanout is not null);
        vm.Qemu.Console.SendRaw(Register(memory, 0));
        vm.Turn(() => vm.Head.Newest(PlaneKind.Overlay).Scanout is null);
        Assert.NotNull(vm.Head.Newest(PlaneKind.Primary).Scanout);
    }

    [Fact]
    public void A_VM_that_is_back_begins_without_the_overlay_and_the_cursor_of_before()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm(QemuVm.Small(console => console.HasPlanes = true), byQmp: true);
        Show(vm, memory);
        vm.Qemu.Console.SendRaw(Flip(Overlay, 1));
        vm.Qemu.Console.SendRaw(Flip(Cursor, 1));
        vm.Turn(() => vm.Cursor.Count > 0 && vm.Head.Newest(PlaneKind.Overlay).Scanout is not null);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.NotNull(vm.Head.Newest(PlaneKind.Overlay).Scanout);
        vm.Turn(() => vm.Returns == 1);
        Assert.Equal((null, null), (vm.Head.Newest(PlaneKind.Overlay).Scanout, vm.Head.Newest(PlaneKind.Cursor).Scanout));
    }

    [Fact]
    public void No_more_than_64_dma_bufs_are_held()
    {
        const uint Most = 64;
        using var memory = QemuVm.Memory();
        using var vm = Vm();
        var live = Fd.Live;
        for (var id = 1ul; id <= Most + 2; id++)
            vm.Qemu.Console.SendRaw(Register(memory, id));
        vm.Settle();
        Assert.Equal(live + Most, Fd.Live);
        Assert.Contains("64 dma-bufs are registered already", Assert.Single(vm.Refused.Distinct()), StringComparison.Ordinal);
    }

    /// <summary>The newest call counts, whichever interface it is of.</summary>
    [Fact]
    public void Planes_and_the_calls_of_QEMU_replace_each_other()
    {
        using var memory = QemuVm.Memory();
        using var vm = Vm();
        Show(vm, memory);
        var plane = vm.Last.Scanout;
        vm.Qemu.Console.Scanout(4, 4, 16, QemuByteScanout.X8R8G8B8, new byte[64]);
        vm.Turn(() => vm.Last.Scanout is { Width: 4 });
        vm.Qemu.Console.SendRaw(Flip(Primary, 1));
        vm.Turn(() => vm.Last.Scanout == plane);
        Assert.Empty(vm.Refused);
    }

    /// <summary>Who has not said that it has planes is QEMU, and QEMU has none.</summary>
    [Fact]
    public void From_a_VM_that_does_not_announce_them_planes_are_not_taken()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        Assert.DoesNotContain(PlanesName, vm.Qemu.Console.ListenerInterfaces);
        var live = Fd.Live;
        vm.Qemu.Console.SendRaw(Register(memory, 1));
        vm.Settle();
        Assert.Equal(live, Fd.Live);
    }

    private static QemuVm Vm() => new(QemuVm.Small(console => console.HasPlanes = true));

    private static void Show(QemuVm vm, Fd memory)
    {
        Assert.Contains(PlanesName, vm.Qemu.Console.ListenerInterfaces);
        vm.Qemu.Console.SendRaw(Register(memory, 1));
        vm.Qemu.Console.SendRaw(Flip(Primary, 1));
        vm.Turn(() => vm.Flips.Exists(flip => flip.Ticket > 0));
    }
}

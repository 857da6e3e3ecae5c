using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Gvt.Qemu.PlaneMessages;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>What a listener takes of the answers to its polls, whose server is a stranger, too.</summary>
public sealed class QemuPolledPlanesTests
{
    private static readonly Dictionary<string, (string Problem, Action<QemuInvocation> Answer)> s_lies = new()
    {
        ["An error"] = ("", poll => poll.Error("org.freedesktop.DBus.Error.UnknownMethod", "no PollFlips")),
        ["An answer of other types"] = ("", poll => poll.Return("t", 0ul)),
        ["An id that is none"] = ("under id 77", poll => Answer(poll, Values(Cursor, 1), Values(Primary, 77))),
        ["A plane that is none"] = ("no plane 3", poll => Answer(poll, Values(3, 1))),
        ["A part outside"] = ("not inside", poll => Answer(poll, Values(Primary, 1, crop: [1, 0, 64, 48]))),
        ["More flips than planes"] = ("more flips", poll => Answer(poll, [.. Enumerable.Repeat(Values(Primary, 1), 100)])),
        ["Damage without end"] = ("reading a message", poll => Answer(poll, Values(Primary, 1, damage:
            [.. Enumerable.Range(0, 1000).Select(i => new object[] { i, 0, 1, 1 })]))),
        ["An answer cut short"] = ("reading a message", poll => CutShort(poll, bytes: 40)),
        ["An answer that ends in its time"] = ("", poll => CutShort(poll, bytes: 4)),
    };

    public static TheoryData<string> Lies => [.. s_lies.Keys];

    [Fact]
    public void Flips_are_in_the_answer_and_nobody_waits_for_their_frames()
    {
        using var memory = QemuVm.Memory();
        object[][] flips = [Values(Primary, 1), Values(Cursor, 1, x: 5), Values(Overlay, 1, x: 7)];
        using var vm = Vm(poll => Answer(poll, flips));
        vm.Qemu.Console.SendRaw(Register(memory, 1));
        Assert.True(vm.Guest.IsPolled);
        vm.Flips.Clear();
        vm.Guest.Poll(Clock.Now);
        vm.Turn(() => vm.Cursor.Exists(flip => flip.Position.X == 5));
        Assert.Equal([PlaneKind.Primary, PlaneKind.Overlay], vm.Flips.Select(flip => flip.Plane));
        Assert.All(vm.Flips, flip => Assert.Equal((1, 0), (flip.Scanout is null ? 0 : 1, flip.Ticket)));
        flips = [Values(Primary, 0)];
        vm.Guest.Poll(Clock.Now);
        vm.Turn(() => vm.Last is { Plane: PlaneKind.Primary, Scanout: null });
        Assert.Empty(vm.Refused);
    }

    /// <summary>The server then sends the flips by calls, as to one that does not poll.</summary>
    [Theory]
    [MemberData(nameof(Lies))]
    public void A_lie_ends_the_polls_and_the_last_image_stays_until_one_comes_by_a_call(string name)
    {
        var (problem, answer) = s_lies[name];
        var polls = 0;
        using var memory = QemuVm.Memory();
        using var vm = Vm(poll =>
        {
            polls++;
            answer(poll);
        });
        vm.Qemu.Console.SendRaw(Register(memory, 1));
        vm.Qemu.Console.SendRaw(Flip(Primary, 1));
        vm.Turn(() => vm.Flips.Exists(flip => flip.Scanout is not null));
        var (good, count) = (vm.Last.Scanout, vm.Flips.Count);
        for (var i = 0; i < 3; i++)
        {
            vm.Guest.Poll(Clock.Now);
            vm.Turn(() => Volatile.Read(ref polls) == 1);
            vm.Settle();
        }
        Assert.Equal((1, count), (polls, vm.Flips.Count));
        Assert.Empty(vm.Lost);
        if (problem.Length > 0)
            Assert.Contains(problem, Assert.Single(vm.Refused), StringComparison.Ordinal);
        vm.Qemu.Console.SendRaw(Flip(Primary, 1, crop: [0, 0, 32, 16]));
        vm.Turn(() => vm.Flips.Count > count);
        Assert.Equal((good, new Rectangle(0, 0, 32, 16)), (vm.Last.Scanout, vm.Last.Crop));
    }

    /// <summary>The server learns of it when it has sent the answer; then it sends all planes as QEMU does.</summary>
    [Fact]
    public void After_a_call_that_was_refused_answers_show_nothing_and_polls_go_on()
    {
        var polls = 0;
        using var memory = QemuVm.Memory();
        using var vm = Vm(poll =>
        {
            polls++;
            Answer(poll, Values(Overlay, 1), Values(Cursor, 3), Values(Primary, 2));
        });
        vm.Qemu.Console.SendRaw(Register(memory, 1));
        vm.Qemu.Console.SendRaw(Register(memory, 2, height: 49));
        vm.Qemu.Console.SendRaw(Register(memory, 3, height: 50));
        vm.Settle();
        var count = vm.Flips.Count;
        for (var i = 1; i <= 3; i++)
        {
            vm.Guest.Poll(Clock.Now);
            vm.Turn(() => Volatile.Read(ref polls) == i);
            vm.Settle();
        }
        Assert.Equal(count, vm.Flips.Count);
        Assert.Equal(2, vm.Refused.Count);
        vm.Show(memory);
        Assert.Null(vm.Head.Newest(PlaneKind.Overlay).Scanout);
    }

    private static QemuVm Vm(Action<QemuInvocation> polled) => new(QemuVm.Small(console =>
    {
        (console.HasPlanes, console.HasSurface, console.Polled) = (true, false, polled);
    }));

    private static void Answer(QemuInvocation poll, params object[][] flips) => poll.Return(PollTypes, 0ul, flips);

    private static void CutShort(QemuInvocation poll, int bytes) => poll.Connection.SendBytes(new QemuRawMessage
    {
        Type = (byte)DBusType.Return,
        ReplySerial = poll.Call.Serial,
        Member = "PollFlips",
        Signature = PollTypes,
        Body = [.. QemuRawMessage.Marshal(PollTypes, 0ul, new object[] { Values(Primary, 1) })[..bytes]],
    }.Encode(poll.Connection.NextSerial(), new FdLedger()), []);
}

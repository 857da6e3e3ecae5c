using System.Net.Sockets;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Linux.DBus;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>What a VMM sends costs no more than a moment and a little memory.</summary>
public sealed class QemuAttackTests
{
    private const string Listener = "org.qemu.Display1.Listener", Dmabuf2 = "ahuuuuauauuuuutb";
    private const int Many = 4_000_001;
    private const uint Nobody = 65534;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_message_with_millions_of_descriptors_is_read_no_further_than_it_can_be_used()
    {
        using var memory = QemuVm.Memory();
        var message = new QemuRawMessage
        {
            Interface = Listener + ".Unix.ScanoutDMABUF2",
            Member = "ScanoutDMABUF2",
            Signature = Dmabuf2,
            // 8 bytes are aligned after an odd number of indices, which are all 0.
            Body = [.. BitConverter.GetBytes(4 * Many), .. new byte[4 * Many], .. QemuRawMessage.Marshal(Dmabuf2[2..], 0u, 0u, 64u, 48u,
                new List<object> { 0u }, new List<object> { 256u }, 1u, QemuVm.Xr24, 64u, 48u, 0ul, false)],
            Fds = [memory],
        };
        AssertCheap(message.Body.Length, vm => vm.Qemu.Console.SendRaw(message), vm => vm.Refused.Count > 0);
    }

    [Fact]
    public void A_copy_of_millions_of_types_is_read_no_further_than_to_its_text()
    {
        // A text, and the length, the letter and the padding of many others.
        byte[] types = [.. QemuRawMessage.Marshal("ss", "text/plain;charset=utf-8", "x"), 0, 0, .. new byte[8 * Many]];
        var message = new QemuRawMessage
        {
            Path = FakeQemu.Root + "/Clipboard",
            Interface = "org.qemu.Display1.Clipboard",
            Member = "Grab",
            Signature = "uuas",
            Body = [.. QemuRawMessage.Marshal("uu", 0u, 5u), .. BitConverter.GetBytes(types.Length), .. types],
        };
        AssertCheap(message.Body.Length, vm => vm.Qemu.SendRaw(message),
            vm => vm.Guest.Clipboard!.Clipboard.Owner == SelectionOwner.Guest);
    }

    [Fact]
    public void A_property_of_millions_of_values_is_read_no_further()
    {
        var body = QemuRawMessage.Marshal("sa{sv}as", "org.qemu.Display1.Console",
            new List<DBusEntry> { new("What", new DBusVariant("ay", new byte[8 * Many])) }, new List<object>());
        AssertCheap(body.Length, Send, vm => !vm.Input.IsAbsolute);

        void Send(QemuVm vm)
        {
            vm.Qemu.SendRaw(PropertiesChanged(vm, body));
            vm.Qemu.Console.SetAbsolute(false);
        }
    }

    /// <summary>What a QEMU to come may have: each value, and the one after it is read.</summary>
    private static readonly Dictionary<string, object> s_values = new()
    {
        ["u"] = 1u,
        ["(ii)"] = new object[] { 1, 2 },
        ["a{sv}"] = new List<DBusEntry> { new("x", new DBusVariant("as", new List<object> { "y" })), new("z", new DBusVariant("b", true)) },
        ["a(ss)"] = new List<object> { new object[] { "x", "y" }, new object[] { "", "" } },
        ["aas"] = new List<object> { new List<object>(), new List<object> { "x" } },
        ["(sa{sv}(yay))"] = new object[] { "x", new List<DBusEntry>(), new object[] { (byte)1, new byte[3] } },
        ["v"] = new DBusVariant("v", new DBusVariant("at", new List<object> { 1ul })),
        ["ad"] = new List<object>(),
    };

    public static TheoryData<string> Types => [.. s_values.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public void A_property_of_any_type_does_not_hide_the_others(string type)
    {
        using var vm = new QemuVm();
        vm.Qemu.SendRaw(PropertiesChanged(vm, QemuRawMessage.Marshal("sa{sv}as", "org.qemu.Display1.Mouse",
            new List<DBusEntry> { new("What", new DBusVariant(type, s_values[type])), new("IsAbsolute", new DBusVariant("b", true)) },
            new List<object>())));
        vm.Turn(() => vm.Input.IsAbsolute);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_console_with_a_property_of_any_type_is_shown(string type)
    {
        using var vm = new QemuVm(QemuVm.Small(console => console.Unknown = new(type, s_values[type])));
        Assert.Equal(("virtio-vga", 64, 48), (vm.Head.Name, vm.Last.Scanout!.Width, vm.Last.Scanout.Height));
        Assert.Empty(vm.Refused);
    }

    /// <summary>D-Bus allows 64 of them in each other.</summary>
    [Theory]
    [InlineData(60, true)]
    [InlineData(5000, false)]
    public void Variants_in_variants_are_read_as_deep_as_D_Bus_allows(int depth, bool isRead)
    {
        using var vm = new QemuVm();
        var deep = Enumerable.Range(0, depth).Aggregate(new DBusVariant("y", (byte)1), (inner, _) => new("v", inner));
        vm.Qemu.SendRaw(PropertiesChanged(vm, QemuRawMessage.Marshal("sa{sv}as", "org.qemu.Display1.Mouse",
            new List<DBusEntry> { new("What", deep), new("IsAbsolute", new DBusVariant("b", true)) }, new List<object>())));
        vm.Qemu.Console.SetModifiers((uint)LockKeys.Num);
        vm.Turn(() => vm.Input.Locks == LockKeys.Num);
        Assert.Equal(isRead, vm.Input.IsAbsolute);
        Assert.Empty(vm.Lost);
    }

    [Theory]
    [InlineData("a(yy)")]
    [InlineData("ab")]
    [InlineData("aay")]
    [InlineData("as")]
    public void A_property_of_too_many_values_is_read_no_further(string type)
    {
        const int Many = 100_000;
        IEnumerable<object> values = type switch
        {
            "ab" => Enumerable.Repeat((object)true, Many),
            "aay" => Enumerable.Repeat((object)Array.Empty<byte>(), Many),
            "as" => Enumerable.Repeat((object)"", Many),
            _ => Enumerable.Repeat((object)new object[] { (byte)1, (byte)2 }, Many),
        };
        var body = QemuRawMessage.Marshal("sa{sv}as", "org.qemu.Display1.Console",
            new List<DBusEntry> { new(type == "as" ? "Interfaces" : "What", new DBusVariant(type, values.ToList())) }, new List<object>());
        AssertCheap(body.Length, Send, vm => !vm.Input.IsAbsolute);

        void Send(QemuVm vm)
        {
            vm.Qemu.SendRaw(PropertiesChanged(vm, body));
            vm.Qemu.Console.SetAbsolute(false);
        }
    }

    /// <summary>A console's size costs QEMU nothing.</summary>
    [Fact]
    public void An_image_grows_no_larger_than_one_that_was_sent_whole_or_64_MiB()
    {
        const int Wide = 16384, High = 4096;
        using var image = new BytesImage();
        Assert.Null(image.Take(Wide, 1, Wide * 4, Fourcc.Xrgb8888, new byte[Wide * 4]));
        image.Resize(Wide, High);
        Assert.Equal(1, image.Scanout!.Height);
        Assert.NotNull(image.Update(new(0, High - 1, 1, 1), 4, Fourcc.Xrgb8888, new byte[4], (Wide, High)));
        image.Resize(Wide, High / 4);
        Assert.Equal(High / 4, image.Scanout.Height);
        Assert.Null(image.Take(Wide, High, Wide * 4, Fourcc.Xrgb8888, new byte[Wide * 4 * High]));
        Assert.Null(image.Take(Wide, 1, Wide * 4, Fourcc.Xrgb8888, new byte[Wide * 4]));
        image.Resize(Wide, High);
        Assert.Equal(High, image.Scanout.Height);
    }

    [Fact]
    public void A_peer_that_does_not_read_its_answers_is_dropped()
    {
        using var peer = new MutePeer(message =>
        {
            message.Reply();
            return true;
        });
        peer.Send(Enumerable.Range(0, 40_000));
        peer.Turn(() => peer.Ends.Count == 1);
        Assert.Contains("does not read", Assert.Single(peer.Ends), StringComparison.Ordinal);
    }

    /// <summary>As of a guestplane that was stopped by SIGSTOP, or of a machine that had other things to do.</summary>
    /// <param name="before">Messages that are read first, in more than one turn.</param>
    /// <param name="moments">How long it is late, in ms.</param>
    [Theory]
    [InlineData(0, 20)]
    [InlineData(200, 1200)]
    public void An_answer_that_is_there_is_not_late(int before, int moments)
    {
        const long Moment = 1_000_000;
        using var peer = new MutePeer(_ => false);
        string? problem = "no answer";
        peer.Bus.Call([], "/x\0"u8, "x.y"u8, "Z"u8).Send(answer =>
        {
            problem = answer.Error;
            return true;
        }, Moment);
        peer.Fill(before);
        peer.AnswerFirst();
        var late = Clock.Now + moments * Moment;
        // The time in which we do not run.
        SpinWait.SpinUntil(() => Clock.Now > late);
        peer.Turn(() => problem != "no answer");
        Assert.Null(problem);
    }

    [Fact]
    public void A_peer_that_never_stops_sending_does_not_suspend_the_patience_with_its_answers()
    {
        // More than are read in a turn.
        const int PerTurn = 100;
        using var peer = new MutePeer(_ => false);
        var isLate = false;
        peer.Bus.Call([], "/x\0"u8, "x.y"u8, "Z"u8).Send(answer => isLate = answer.IsLate, 1);
        peer.Turn(() =>
        {
            peer.Fill(PerTurn);
            return isLate;
        });
        Assert.Empty(peer.Ends);
    }

    [Fact]
    public void Of_many_consoles_the_first_are_shown_and_the_user_is_told()
    {
        using var vm = new QemuVm(new QemuSetup { Consoles = [.. Enumerable.Range(0, 40).Select(_ => new QemuConsoleSetup { Width = 64, Height = 48 })] });
        Assert.Equal(16, vm.Guest.Heads.Count);
        Assert.Contains("24 more", Assert.Single(vm.Refused), StringComparison.Ordinal);
        Assert.Contains("--console", vm.Refused[0], StringComparison.Ordinal);
        using var loop = new Loop();
        using var one = QemuVm.Open($"qemu:fd={vm.Qemu.Connect()}", loop, console: 39);
        Assert.Single(one.Heads);
    }

    [Fact]
    public void A_VM_of_another_user_is_taken_only_when_the_user_says_so()
    {
        Assert.SkipUnless(QemuLibc.Uid == 0, "only root can pose as another user");
        var folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
        var path = Path.Combine(folder.FullName, "qmp");
        using var qemu = new FakeQemu();
        // SO_PEERCRED has who called listen(2).
        Tools.Run(new("chmod", ["777", folder.FullName]));
        As(Nobody, () => _ = new FakeQmp(qemu, path));
        using var loop = new Loop();
        var refused = Assert.Throws<SourceException>(() => QemuVm.Open($"qemu:qmp={path}", loop));
        Assert.Equal(SourceFault.NotPermitted, refused.Fault);
        Assert.Contains($"qemu:user=nobody,qmp={path}", refused.Message, StringComparison.Ordinal);
        foreach (var user in new[] { "nobody", Nobody.ToString() })
        {
            using var guest = QemuVm.Open($"qemu:user={user},qmp={path}", loop);
            Assert.Single(guest.Heads);
        }
        folder.Delete(recursive: true);
    }

    private static QemuRawMessage PropertiesChanged(QemuVm vm, byte[] body) => new()
    {
        Type = 4,
        Path = vm.Qemu.Console.Path,
        Interface = "org.freedesktop.DBus.Properties",
        Member = "PropertiesChanged",
        Signature = "sa{sv}as",
        Body = body,
    };

    /// <summary>A message costs at most four times the CPU of one with as many bytes that nobody reads.</summary>
    /// <param name="until">True once the message has had its effect; false after SetAbsolute(true).</param>
    private static void AssertCheap(int bytes, Action<QemuVm> send, Func<QemuVm, bool> until)
    {
        // The machine may disturb one of the two; a message that is read whole is dearer each time.
        const int Attempts = 5, Dearer = 4;
        var costs = new List<string>();
        while (costs.Count < Attempts)
        {
            using var vm = new QemuVm();
            vm.Qemu.SendRaw(new QemuRawMessage
            {
                Type = 4,
                Path = vm.Qemu.Console.Path,
                Interface = "org.qemu.Display1.Nothing",
                Member = "Nothing",
                Signature = "ay",
                Body = [.. BitConverter.GetBytes(bytes), .. new byte[bytes]],
            });
            vm.Qemu.Console.SetAbsolute(true);
            var unread = CpuTime(vm, () => vm.Input.IsAbsolute);
            send(vm);
            var read = CpuTime(vm, () => until(vm));
            if (read <= Dearer * unread)
                return;
            costs.Add($"{read} ns for {unread} ns");
        }
        Assert.Fail($"it is read further than it has to be: {string.Join(", ", costs)}");
    }

    /// <summary>The CPU time of this thread, in ns.</summary>
    private static long CpuTime(QemuVm vm, Func<bool> until)
    {
        const int ThreadClock = 3;
        var end = Clock.Now + (long)s_patience.TotalNanoseconds;
        var before = Clock.Read(ThreadClock);
        while (!until())
        {
            Assert.True(Clock.Now < end, "it did not come in time");
            vm.Loop.Turn(5_000_000);
        }
        return Clock.Read(ThreadClock) - before;
    }

    /// <summary>Runs something in a thread with the effective user id of another user.</summary>
    private static void As(uint user, Action act)
    {
        var thread = new Thread(() =>
        {
            QemuLibc.SetEffectiveUser(user);
            act();
            QemuLibc.SetEffectiveUser(0);
        });
        thread.Start();
        thread.Join();
    }

    /// <summary>A D-Bus peer that sends, and reads nothing.</summary>
    private sealed class MutePeer : IDisposable
    {
        private readonly Loop _loop = new();
        private readonly Socket _theirs;
        private byte[] _left = [];

        public MutePeer(BusHandler handler)
        {
            var (ours, theirs) = UnixSocket.Pair();
            _theirs = new Socket(new SafeSocketHandle(theirs.Number, ownsHandle: true));
            theirs.GiveAway();
            _theirs.Send("DATA\r\nOK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n"u8);
            Bus = Bus.Peer(ours, bus => bus.Serve("/x", handler));
            Bus.Closed += Ends.Add;
            _loop.Add(Bus);
        }

        public Bus Bus { get; }

        public List<string> Ends { get; } = [];

        public void Send(IEnumerable<int> serials) => Task.Run(() =>
        {
            try
            {
                foreach (var serial in serials)
                    _theirs.Send(Message(DBusType.Call, (uint)serial + 1, (1, "o", "/x"), (2, "s", "x.y"), (3, "s", "Z")));
            }
            catch (SocketException e)
            {
                Assert.Equal(SocketError.Shutdown, e.SocketErrorCode);
            }
        });

        /// <summary>Sends so many signals, or as many as there is room for.</summary>
        public void Fill(int count)
        {
            _theirs.Blocking = false;
            try
            {
                var signals = Enumerable.Range(0, count).SelectMany(i =>
                    Message(DBusType.Signal, (uint)i + 1, (1, "o", "/x"), (2, "s", "x.y"), (3, "s", "Z")));
                byte[] left = [.. _left, .. signals];
                var sent = left.Length == 0 ? 0 : _theirs.Send(left);
                // The rest of a message that went only in part.
                _left = left[sent..];
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                // There is enough.
            }
            _theirs.Blocking = true;
        }

        /// <summary>Answers the first call that this side has sent, whatever it is.</summary>
        public void AnswerFirst() => _theirs.Send(Message(DBusType.Return, 1, (5, "u", 1u)));

        public void Turn(Func<bool> until)
        {
            var end = Clock.Now + (long)s_patience.TotalNanoseconds;
            while (!until())
            {
                Assert.True(Clock.Now < end, "it did not come in time");
                _loop.Turn(5_000_000);
            }
        }

        public void Dispose()
        {
            _theirs.Dispose();
            Bus.Dispose();
            _loop.Dispose();
        }

        private static byte[] Message(DBusType type, uint serial, params (byte Code, string Signature, object Value)[] fields) =>
            DBusMessage.Encode(new FdLedger(), [(byte)'l', (byte)type, (byte)0, (byte)1, 0u, serial,
                fields.Select(field => new object[] { field.Code, new DBusVariant(field.Signature, field.Value) }).ToList()], []);
    }
}

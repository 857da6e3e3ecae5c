using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Gvt.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Fuzz;

/// <summary>What a listener is told by a QEMU gone mad: nothing escapes, nothing leaks, nothing grows. See README.md.</summary>
[Collection(Descriptors.Name)]
public sealed class ListenerFuzz
{
    private const string SecondsVariable = "GUESTPLANE_FUZZ_SECONDS", SeedVariable = "GUESTPLANE_FUZZ_SEED";
    private const int DefaultSeconds = 5, Batch = 64;

    /// <summary>Of the whole process, with the fake QEMU in it.</summary>
    private const long MostGrowth = 64 << 20;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly List<QemuRawMessage> _batch = [];
    private long _sent, _flips, _refused, _connections;
    private bool _isSizeALie;

    [Fact]
    public void Nothing_escapes_nothing_leaks_and_nothing_grows()
    {
        var seconds = Number(SecondsVariable) ?? DefaultSeconds;
        var seed = Number(SeedVariable) ?? Environment.TickCount;
        var before = Fd.Live;
        var fds = Kinds();
        var (live, mutator, random) = (Fd.Live, new MessageMutator(new Random(seed), fds), new Random(seed));
        var (since, warm) = (Stopwatch.StartNew(), (Memory: 0L, Open: 0));
        try
        {
            while (since.Elapsed.TotalSeconds < seconds)
            {
                if (warm.Memory == 0 && since.Elapsed.TotalSeconds > seconds / 5.0)
                    warm = (Memory(), Descriptors.Open);
                Connection(mutator, random, () => since.Elapsed.TotalSeconds < (warm.Memory == 0 ? seconds / 5.0 : seconds));
                Assert.Equal(live, Fd.Live);
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}, message {_sent}; the last were:\n{string.Join('\n', _batch.Select(Describe))}", e);
        }
        var grown = Memory() - warm.Memory;
        foreach (var fd in fds)
            fd.Dispose();
        TestContext.Current.SendDiagnosticMessage(
            $"listener fuzz, seed {seed}: {_sent} messages in {since.Elapsed.TotalSeconds:0} s ({_sent / since.Elapsed.TotalSeconds:0}/s), "
            + $"{_flips} flips, {_refused} refused, {_connections} connections, {grown >> 10} KiB grown");
        Assert.InRange(grown, long.MinValue, MostGrowth);
        Assert.InRange(Descriptors.Open, 0, warm.Open + 8);
        Assert.Equal(before, Fd.Live);
        Assert.True(_flips > 0 && _refused > 0);
    }

    /// <summary>Until the messages end it, or the time is up.</summary>
    private void Connection(MessageMutator mutator, Random random, Func<bool> mayGoOn)
    {
        using var vm = new QemuVm(QemuVm.Small(console => console.HasPlanes = true));
        _connections++;
        vm.Head.Flipped += flip =>
        {
            _flips++;
            // Some are taken, some are left to the throttle.
            if (flip.Ticket > 0 && random.Next(2) == 0)
                vm.Head.Release(flip.Ticket);
        };
        vm.Head.Refused += _ => _refused++;
        _isSizeALie = false;
        while (mayGoOn() && vm.Lost.Count == 0 && !_isSizeALie)
        {
            _batch.Clear();
            for (var i = 0; i < Batch; i++)
                Send(vm.Qemu.Console, mutator.Next());
            var mark = new PixelPoint(-20_000 - (int)(_sent % 10_000), 1);
            vm.Qemu.Console.MouseSet(mark.X, mark.Y, false);
            vm.Turn(() => vm.Lost.Count > 0 || vm.Cursor.Exists(flip => flip.Position == mark) || MayBeSwallowed(vm), s_patience);
            vm.Flips.Clear();
            vm.Cursor.Clear();
            vm.Refused.Clear();
        }
    }

    private void Send(QemuConsole console, QemuRawMessage message)
    {
        // What a lie about a size swallows must bring no descriptors: libsystemd drops it, and forgets to close them.
        if (_isSizeALie && message.Fds.Count > 0)
            return;
        _isSizeALie |= message.BodySize is not null;
        _batch.Add(message);
        console.SendRaw(message);
        _sent++;
    }

    private static string Describe(QemuRawMessage message) =>
        $"{message.Member}({message.Signature}) {message.Fds.Count} fds: {Convert.ToHexString(message.Body.AsSpan(0, Math.Min(message.Body.Length, 96)))}";

    /// <summary>A message that says to be longer than it is takes what follows for its own: the connection means nothing any more.</summary>
    private bool MayBeSwallowed(QemuVm vm)
    {
        if (!_isSizeALie || vm.Qemu.Console.Unsent > 0)
            return false;
        vm.TurnFor(20);
        return true;
    }

    /// <summary>What a descriptor may be of.</summary>
    private static List<Fd> Kinds()
    {
        var (socket, other) = UnixSocket.Pair();
        other.Dispose();
        return
        [
            Memfd.Create("fuzz", 64 * 48 * 4), Memfd.Create("fuzz", 64 * 48 * 4), Memfd.Create("fuzz", 1 << 20), Memfd.Create("fuzz", 4096),
            Memfd.Create("fuzz", 0), Fd.Open("/dev/null"), Fd.Open("/proc/self/maps", OpenMode.ReadOnly), Fd.Open("/", OpenMode.ReadOnly), socket,
        ];
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : null;

    private static long Memory()
    {
        GC.GetTotalMemory(forceFullCollection: true);
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}

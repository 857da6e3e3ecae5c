using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Gvt.Qemu;
using Guestplane.Tests.Gvt.Share;

namespace Guestplane.Tests.Compositor;

/// <summary>
/// A vGPU behind guestplane share is polled, so nothing waits for the compositor's frame callbacks. If its flips were answered at
/// these, as a QEMU VM's are, one commit at a time would be under way: after one that came too late for its vblank, the next would
/// wait for that one's frame callback, and be too late, too.
/// </summary>
public sealed class ReleaseAtCommitTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Flips_of_a_shared_display_are_answered_at_the_commit_if_it_is_polled(bool isPolled)
    {
        using var display = new SharedDisplay(new Head("0"), isPolled: isPolled);
        display.Show(display.Image(1));
        using var loop = new Loop();
        using var guest = QemuVm.Open($"qemu:socket={display.Path}", loop);
        Flip? seen = null;
        guest.Heads[0].Flipped += flip => seen = flip.Scanout is null ? seen : flip;
        guest.Start();
        while (seen is null)
            loop.Turn();
        Assert.Equal((true, isPolled), (seen.Value.Ticket > 0, seen.Value.IsReleasedAtCommit));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_that_gets_no_frame_callback_releases_the_ticket_of_such_a_flip(bool isAtCommit)
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        server.Faults.NeverFrame = true;
        using var loop = new Loop();
        var head = new Head("0");
        var released = 0L;
        head.Released += ticket => Volatile.Write(ref released, ticket);
        using var guest = new GuestSlot(loop, new Messages(StreamWriter.Null), _ => new OneFlip(head, isAtCommit));
        guest.Open();
        var options = new ShowOptions { Source = "one flip" };
        using var show = new Show(loop, new Seats(Host.Connect(loop, server.SocketPath), loop), guest, options, new(StreamWriter.Null));
        var run = Task.Run(show.Run, TestContext.Current.CancellationToken);
        Assert.True(server.WaitUntil(host => ShowTests.Primary(host) is { Buffer.Kind: "dmabuf" }, s_patience), "nothing is shown");
        Assert.Equal(isAtCommit ? OneFlip.Ticket : 0, Volatile.Read(ref released));
        loop.Post(loop.Stop);
        Assert.Equal(ExitCode.Ok, await run);
    }

    private sealed class OneFlip(Head head, bool isAtCommit) : IGuest
    {
        public const long Ticket = 7;

        private readonly Scanout _image = SharedDisplay.Blank();

        public string Source => "one flip";

        public IReadOnlyList<Head> Heads => [head];

        public bool IsPolled => false;

        public int DmaBufs => 1;

        public event Action<string>? Lost
        {
            add { }
            remove { }
        }

        public void Start(Loop loop) => head.Raise(new(PlaneKind.Primary, _image, default, default, Changed: true, Clock.Now)
        {
            Ticket = Ticket,
            IsReleasedAtCommit = isAtCommit,
        });

        public long Poll(long now) => LoopSource.Never;

        public void Dispose() => _image.Dispose();
    }
}

using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Gvt.Share;

namespace Guestplane.Tests.Compositor;

/// <summary>A device that is open while somebody looks, and a moment longer.</summary>
public sealed class ShareLingerTests
{
    private const long LingerNs = 500_000_000;

    [Fact]
    public void The_device_is_closed_a_moment_after_the_last_client_and_opened_for_the_next()
    {
        var (open, lives, isThere) = (0, 0, true);
        using var display = new SharedDisplay();
        GuestSlot guest = null!;
        ShareLinger linger = null!;
        display.Do(() =>
        {
            guest = new(display.Loop, new Messages(StreamWriter.Null), _ => !isThere
                ? throw new SourceException(SourceFault.NotThere, "Another program has it.")
                : new Life(display.Head, _ => (open, lives) = (open + 1, lives + 1), () => open--));
            guest.Open();
            guest.Start();
            linger = new(display.Loop, guest, display.Server, LingerNs);
        });
        Assert.Equal(GuestState.Here, display.Ask(() => guest.State));
        display.Until(() => guest.State == GuestState.Closed);
        Assert.Equal(0, display.Ask(() => open));
        using var client = display.Client();
        for (var life = 2; life <= 4; life++)
        {
            using (SharedDisplay.Listen(client, SharedDisplay.Planes))
            using (SharedDisplay.Listen(client, SharedDisplay.Planes))
            {
                display.Until(() => display.Server.Listeners == 2 && guest.State == GuestState.Here);
                Assert.Equal((1, life), display.Ask(() => (open, lives)));
            }
            display.Until(() => guest.State == GuestState.Closed);
            Assert.Equal(0, display.Ask(() => open));
        }
        isThere = false;
        using var late = SharedDisplay.Listen(client, SharedDisplay.Planes);
        display.Until(() => guest.State == GuestState.Gone);
        Assert.Equal("Another program has it.", display.Ask(() => guest.Problem));
        display.Do(() =>
        {
            linger.Dispose();
            guest.Dispose();
        });
    }

    private sealed class Life : IGuest
    {
        private readonly Action _closed;
        private bool _isClosed;

        public Life(Head head, Action<Life> opened, Action closed)
        {
            (Heads, _closed) = ([head], closed);
            opened(this);
        }

        public string Source => "life";

        public IReadOnlyList<Head> Heads { get; }

        public bool IsPolled => true;

        public bool MayClose => true;

        public int DmaBufs => 0;

        public event Action<string>? Lost
        {
            add { }
            remove { }
        }

        public void Start(Loop loop) { }

        public long Poll(long now) => now;

        public void Dispose()
        {
            if (!_isClosed)
                _closed();
            _isClosed = true;
        }
    }
}

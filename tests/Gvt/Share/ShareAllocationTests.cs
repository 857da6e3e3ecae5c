using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>What a flip costs the server.</summary>
[Collection(Descriptors.Name)]
public sealed class ShareAllocationTests
{
    /// <summary>What the server's thread allocates while two clients see a thousand flips.</summary>
    [Fact]
    public void A_flip_allocates_nothing()
    {
        const int WarmUp = 100, Flips = 1000;
        using var display = new SharedDisplay(hasThread: false);
        using var loop = new Loop();
        Scanout[] images = [display.Image(1), display.Image(2)];
        display.Head.Raise(FlipOf(images[0]));
        using var clients = new Watchers(display, loop, 2);
        var bytes = 0L;
        for (var i = 0; i < WarmUp + Flips; i++)
        {
            bytes = i == WarmUp ? 0 : bytes;
            var before = GC.GetAllocatedBytesForCurrentThread();
            display.Head.Raise(FlipOf(images[i % 2]));
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            var seen = clients.Seen;
            while (clients.Seen < seen + 2)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
                display.Loop.Turn(1_000_000);
                bytes += GC.GetAllocatedBytesForCurrentThread() - before;
                loop.Turn(0);
            }
        }
        // Under the JIT something may come once; a flip that allocates is 24 bytes at least.
        Assert.InRange(bytes, 0, Flips / 2);

        static Flip FlipOf(Scanout image) => new(PlaneKind.Primary, image, default, default, Changed: true, Clock.Now);
    }

    /// <summary>Clients of our own, which release each image at once.</summary>
    private sealed class Watchers : IDisposable
    {
        private readonly List<Guestplane.Compositor.GuestSlot> _guests = [];

        public Watchers(SharedDisplay display, Loop loop, int count)
        {
            var isOver = false;
            // Opening runs only the clients' loop.
            var serving = Task.Run(() =>
            {
                while (!Volatile.Read(ref isOver))
                    display.Loop.Turn(1_000_000);
            });
            for (var i = 0; i < count; i++)
            {
                var guest = Qemu.QemuVm.Open($"qemu:socket={display.Path}", loop);
                _guests.Add(guest);
                guest.Heads[0].Flipped += flip =>
                {
                    Seen += flip.Plane == PlaneKind.Primary ? 1 : 0;
                    guest.Heads[0].Release(flip.Ticket);
                };
                guest.Start();
            }
            var since = Stopwatch.StartNew();
            while (Seen < count && since.Elapsed.TotalSeconds < 20)
                loop.Turn(1_000_000);
            Volatile.Write(ref isOver, true);
            serving.Wait();
            Assert.Equal(count, Seen);
        }

        public int Seen { get; private set; }

        public void Dispose() => _guests.ForEach(guest => guest.Dispose());
    }
}

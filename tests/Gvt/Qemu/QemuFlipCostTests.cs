using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>What a flip costs: QEMU sends new descriptors of the same memory each time.</summary>
[Collection(Descriptors.Name)]
public sealed class QemuFlipCostTests
{
    private const int WarmUp = 100, Flips = 1000;

    [Fact]
    public void A_thousand_flips_between_two_buffers_import_two_dma_bufs_and_allocate_nothing()
    {
        using var first = QemuVm.Memory();
        using var second = QemuVm.Memory();
        using var vm = new QemuVm();
        var released = 0;
        vm.Flips.Capacity = vm.Cursor.Capacity = 4096;
        vm.Head.Flipped += flip =>
        {
            released += flip.Ticket > 0 ? 1 : 0;
            vm.Head.Release(flip.Ticket);
        };
        var images = new[] { first, second }.Select(memory => new QemuDmabuf
        {
            Fds = [memory],
            Width = 64,
            Height = 48,
            Strides = [256],
            Fourcc = QemuVm.Xr24,
        }).ToArray();
        var (live, open, bytes) = (0, 0, 0L);
        for (var i = 0; i < WarmUp + Flips; i++)
        {
            if (i == WarmUp)
                (live, open, bytes) = (Fd.Live, Descriptors.Open, 0);
            vm.Qemu.Console.ScanoutDmabuf2(images[i % 2]);
            vm.Qemu.Console.UpdateDmabuf(0, 0, 64, 48);
            while (released <= i)
                bytes += Turn(vm);
        }
        Assert.Equal((2, live), (vm.Guest.DmaBufs, Fd.Live));
        Assert.True(vm.Qemu.WaitUntil(q => !q.Console.IsGlBlocked, TimeSpan.FromSeconds(10)));
        Assert.InRange(Descriptors.Open, 0, open + 2);
        AssertNone(bytes);
        Assert.Equal((0, 0), (vm.Qemu.Console.Stalls, vm.Refused.Count));
    }

    [Fact]
    public void A_thousand_updates_by_bytes_allocate_nothing()
    {
        using var vm = new QemuVm();
        var (seen, bytes, row) = (0, 0L, new byte[256]);
        vm.Flips.Capacity = 4096;
        vm.Head.Flipped += _ => seen++;
        for (var i = 0; i < WarmUp + Flips; i++)
        {
            bytes = i == WarmUp ? 0 : bytes;
            vm.Qemu.Console.Update(0, i % 48, 64, 1, 256, QemuByteScanout.X8R8G8B8, row);
            while (seen <= i)
                bytes += Turn(vm);
        }
        AssertNone(bytes);
        Assert.Empty(vm.Refused);
    }

    /// <summary>What a turn of the loop allocates, and nothing else: the fake lives in the same process.</summary>
    private static long Turn(QemuVm vm)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        vm.Loop.Turn(5_000_000);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>Under the JIT something may come once; a flip that allocates is 24 bytes at least.</summary>
    private static void AssertNone(long bytes) => Assert.InRange(bytes, 0, Flips / 2);
}

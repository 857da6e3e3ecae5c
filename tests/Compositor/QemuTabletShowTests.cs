using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>Tablets, their pens and their pads, from the host through the program to QEMU.</summary>
public sealed class QemuTabletShowTests
{
    // linux/input-event-codes.h.
    private const uint A = 30, Stylus = 0x14b;

    private static readonly string[] s_padObjects =
        ["zwp_tablet_pad_v2", "zwp_tablet_pad_group_v2", "zwp_tablet_pad_ring_v2", "zwp_tablet_pad_strip_v2"];

    private static QemuDesktop Desktop(bool isAbsolute)
    {
        var vm = new QemuSetup { Consoles = [new() { Width = 64, Height = 48, IsAbsolute = isAbsolute }] };
        var desktop = QemuDesktop.Shown(vm: vm, host: setup => setup.With("zwp_tablet_manager_v2", 1));
        desktop.Wait(h => ShowTests.Root(h) is { WindowGeometry: not null, Buffer: not null });
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        return desktop;
    }

    /// <summary>The program has handled all that the host sent before.</summary>
    private static void Settle(QemuDesktop desktop)
    {
        var keys = Keys(desktop.Qemu);
        desktop.Host.Key(A, true);
        desktop.Host.Key(A, false);
        desktop.WaitQemu(q => Keys(q) == keys + 1);

        static int Keys(FakeQemu qemu) => qemu.Input.Count(input => input is QemuKey { IsPressed: false });
    }

    [Fact]
    public void Imports_work_after_a_pad_whose_groups_come_later()
    {
        using var desktop = Desktop(isAbsolute: true);
        // A host that has not read the client's requests yet goes on describing the pad.
        desktop.Host.Faults.Stall = true;
        desktop.Host.AddTablet();
        desktop.Host.AddPad();
        Settle(desktop);
        desktop.Host.AddPadGroup();
        Settle(desktop);
        desktop.Host.AddPadGroup();
        desktop.Host.FinishPad();
        desktop.Host.UsePad();
        desktop.Host.Faults.Stall = false;
        // Several: the first may get the id of an object that the program has destroyed.
        for (byte image = 1; image <= 3; image++)
        {
            var (primary, commits) = (desktop.Primary.Id, desktop.Primary.Commits);
            using var memory = QemuDesktop.Memory(image);
            desktop.Show(memory);
            desktop.Wait(h => h.Commits(primary) > commits);
        }
        Assert.Equal([1, 2, 2, 2], s_padObjects.Select(desktop.Host.TabletObjects));
        desktop.End();
    }

    [Fact]
    public void A_pad_that_is_removed_takes_its_parts_along()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.AddTablet();
        desktop.Host.AddPad();
        desktop.Host.AddPadGroup();
        desktop.Host.FinishPad();
        desktop.Host.RemovePad();
        desktop.Wait(h => s_padObjects.All(name => h.TabletObjects(name) == 0));
        Assert.Equal(1, desktop.Host.TabletObjects("zwp_tablet_v2"));
        desktop.End();
    }

    [Fact]
    public void A_pen_presses_where_its_frame_ends()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PenEnter(desktop.Root.Id);
        desktop.Host.PenFrame(("motion", [5.0, 5.0]));
        desktop.Host.PenFrame(("down", [1u]), ("motion", [40.0, 30.0]));
        desktop.Host.PenFrame(("up", []));
        desktop.Host.PenFrame(("button", [2u, Stylus, 1u]));
        desktop.Host.PenFrame(("proximity_out", []));
        Assert.Equal(
            [
                new QemuPosition(0, 5, 5), new QemuPosition(0, 40, 30), new QemuButton(0, 0, true), new QemuButton(0, 0, false),
                new QemuButton(0, 2, true), new QemuButton(0, 2, false),
            ],
            desktop.Sent(6));
        desktop.End();
    }

    /// <summary>The surface of the pointer's image cannot be a pen's too.</summary>
    [Fact]
    public void The_cursor_is_the_guests_own_while_a_pen_is_near()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Qemu.Console.CursorDefine(8, 8, 3, 2, Enumerable.Repeat((byte)255, 256).ToArray());
        desktop.Qemu.Console.MouseSet(20, 10, true);
        desktop.Wait(h => h.Cursor is (_, 3, 2));
        desktop.Host.PenEnter(desktop.Root.Id);
        desktop.Wait(h => h.ArePensHidden && ShowTests.Cursor(h) is { Position: (20, 10), Buffer.Width: 8 });
        desktop.Qemu.Console.MouseSet(30, 20, true);
        desktop.Wait(h => h.Cursor is null && ShowTests.Cursor(h) is { Position: (30, 20) });
        desktop.Host.PenFrame(("proximity_out", []));
        desktop.Wait(h => h.Cursor is (_, 3, 2) && ShowTests.Cursor(h) is null);
        desktop.End();
    }

    [Fact]
    public void A_guest_that_takes_relative_motion_gets_no_pen()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.PenEnter(desktop.Root.Id);
        desktop.Host.PenFrame(("motion", [5.0, 5.0]), ("down", [1u]), ("button", [2u, Stylus, 1u]));
        desktop.Host.PenFrame(("up", []), ("proximity_out", []));
        Settle(desktop);
        Assert.All(desktop.Sent(2), input => Assert.IsType<QemuKey>(input));
        Assert.False(desktop.Host.ArePensHidden);
        desktop.End();
    }
}

using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Fuzz;

/// <summary>
/// A compositor that sends any event with any value, and a VM that does what it likes, with the program between them. It makes no
/// mistake on either side, holds few descriptors, and ends in order.
/// </summary>
public sealed class HostFuzz
{
    private const int Batches = 40, Events = 25, MostDescriptors = 120;

    private static readonly string[] s_arguments =
        ["", "--fullscreen", "--fixed --scale 1:1", "--scale integer", "--scale stretch", "--cursor pointer", "--cursor subsurface", "--transport copy"];

    private static readonly (string Name, int Version)[] s_globals =
    [
        ("wp_fractional_scale_manager_v1", 1), ("zxdg_output_manager_v1", 3), ("zwp_tablet_manager_v2", 1), ("wl_data_device_manager", 3),
        ("zwp_primary_selection_device_manager_v1", 1), ("xdg_activation_v1", 1), ("zwp_idle_inhibit_manager_v1", 1), ("wp_content_type_manager_v1", 1),
        ("wp_tearing_control_manager_v1", 1),
    ];

    [Fact]
    public void No_event_of_a_compositor_costs_more_than_a_frame() => FuzzRun.Repeat("compositor", random =>
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = QemuDesktop.Shown(random.Of(s_arguments), host: setup =>
        {
            setup.TranscriptLines = 200;
            foreach (var (name, version) in s_globals)
                if (random.Next(2) == 0)
                    setup.With(name, version);
        });
        try
        {
            for (var i = 0; i < Batches; i++)
            {
                desktop.Host.SendAnything(random, Events);
                Do(random, desktop.Host);
                Do(random, desktop, memory);
            }
            desktop.Host.Faults.Stall = false;
            // It serves its loop still.
            desktop.Host.Ping();
            desktop.Wait(h => h.PingsAnswered());
            desktop.Host.Faults.NeverFrame = false;
            desktop.WaitQemu(q => q.Console.Waiting == 0);
            Assert.InRange(Directory.GetFileSystemEntries($"/proc/{desktop.Run!.Id}/fd").Length, 1, MostDescriptors);
            desktop.End();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{desktop.Arguments}\n{(desktop.Run!.HasEnded ? $"{desktop.Run.ExitCode}: {desktop.Run.Messages}" : "")}\n"
                + string.Join('\n', desktop.Host.Violations) + '\n' + desktop.Host.Transcript, e);
        }
    });

    private static void Do(Random random, FakeHost host)
    {
        var root = ShowTests.Root(host)?.Id ?? 0;
        switch (random.Next(16))
        {
            case 0:
                host.Configure((int)random.Edge() & 0x3fff, (int)random.Edge() & 0x3fff, random.Next(3) == 0);
                break;
            case 1:
                host.SetMode(random.Next(1, 5000), random.Next(1, 5000), random.Next(1000, 240_000));
                break;
            case 2:
                host.Suspend(random.Next(2) == 0);
                break;
            case 3 when root > 0:
                host.PointerEnter(root, random.Next(-5, 100), random.Next(-5, 100));
                break;
            case 4 when root > 0:
                host.KeyboardEnter(root, [(uint)random.Next(200)], random.Edge());
                break;
            case 5:
                host.PointerWheel((int)random.Edge(), (int)random.Edge());
                break;
            case 6:
                host.PointerMove((int)random.Edge() / 256.0, (int)random.Edge() / 256.0);
                host.PointerButton(0x110 + (uint)random.Next(8), random.Next(2) == 0);
                break;
            case 7:
                host.Copy("text");
                break;
            case 8:
                host.Faults.NeverFrame = random.Next(2) == 0;
                break;
            case 9:
                host.Faults.NeverRelease = random.Next(2) == 0;
                break;
            case 10:
                host.Faults.DiscardEvery = random.Next(4);
                break;
            case 11:
                host.Faults.FailImport = random.Next(2) == 0 ? _ => true : null;
                break;
            case 12:
                host.Faults.Stall = random.Next(2) == 0;
                break;
            case 13:
                host.RemoveGlobal("wl_output");
                host.AddGlobal("wl_output", random.Next(2, 5));
                break;
            // libwayland rejects an offer's id after one that came to a device of a seat that has just gone.
            case 14 when !host.Setup.Globals.Keys.Any(name => name.Contains("_device_manager", StringComparison.Ordinal)):
                host.RemoveGlobal("wl_seat");
                host.AddGlobal("wl_seat", random.Next(5, 9));
                break;
        }
    }

    private static void Do(Random random, QemuDesktop desktop, Guestplane.Linux.Fd memory)
    {
        var console = desktop.Qemu.Console;
        switch (random.Next(10))
        {
            case 0:
                desktop.Show(memory);
                break;
            case 1:
                var (width, height) = (random.Next(1, 65), random.Next(1, 65));
                console.CursorDefine(width, height, random.Next(-1, 65), random.Next(-1, 65), new byte[width * height * 4]);
                break;
            case 2:
                console.MouseSet((int)random.Edge(), (int)random.Edge(), random.Next(4) > 0);
                break;
            case 3:
                console.SetAbsolute(random.Next(2) == 0);
                break;
            case 4:
                console.SetModifiers((uint)random.Next(8));
                break;
            case 5:
                desktop.Qemu.Clipboard.GuestGrab(0, (uint)random.Next(5), "text");
                break;
            case 6:
                console.Update(random.Next(64), random.Next(48), 1, 1, 4, QemuDesktop.Xrgb, [1, 2, 3, 4]);
                break;
            case 7:
                var (w, h) = ((uint)random.Next(1, 100), (uint)random.Next(1, 100));
                console.Scanout(w, h, w * 4, QemuDesktop.Xrgb, new byte[w * h * 4]);
                break;
            case 8:
                console.Disable();
                break;
        }
    }
}

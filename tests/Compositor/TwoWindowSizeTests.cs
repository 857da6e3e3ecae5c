using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>Two windows of one VM, each with the size, the output and the pace of its own console.</summary>
public sealed class TwoWindowSizeTests
{
    [Fact]
    public void The_size_of_each_window_is_requested_of_its_console()
    {
        using var windows = TwoWindows.Shown(host: setup => setup.Millimetres = (512, 384));
        windows.Host.ConfigureOne(windows.Second, 800, 600);
        windows.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Console: 1, Width: 800, Height: 600, WidthMm: 400 }));
        windows.Host.ConfigureOne(windows.First, 640, 480);
        windows.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Console: 0, Width: 640, Height: 480, WidthMm: 320 }));
        Assert.Equal([1u, 0u], windows.Qemu.Input.OfType<QemuUiInfo>().Select(size => size.Console));
        windows.End();
    }

    /// <summary>The first one is resized while the second one waits to be told.</summary>
    [Fact]
    public void Windows_that_are_resized_at_the_same_time_are_both_requested()
    {
        using var windows = TwoWindows.Shown();
        for (var width = 700; width <= 800; width += 10)
        {
            windows.Host.ConfigureOne(windows.First, width, 600);
            windows.Host.ConfigureOne(windows.Second, width + 1, 601);
        }
        windows.WaitQemu(q => Enumerable.Range(0, 2).All(console =>
            q.Input.OfType<QemuUiInfo>().Any(size => size.Console == console && size.Width == 800 + console && size.Height == 600 + console)));
        windows.End();
    }

    /// <summary>Firmware, boot loader and desktop, with the sizes that each has.</summary>
    [Fact]
    public void A_window_that_nobody_sized_follows_its_console_and_one_that_was_sized_does_not()
    {
        using var windows = TwoWindows.Shown();
        foreach (var (width, height) in new[] { (720, 400), (640, 480), (800, 600) })
        {
            Scanout(windows, 1, width, height);
            windows.Wait(h => h.Surface(windows.Second)!.WindowGeometry == new HostRect(0, 0, width, height));
            Assert.Equal(new HostRect(0, 0, 64, 48), windows.Host.Surface(windows.First)!.WindowGeometry);
            // As sway answers each commit.
            windows.Host.ConfigureOne(windows.Second, width, height);
        }
        windows.Host.ConfigureOne(windows.Second, 700, 500);
        windows.Wait(h => h.Surface(windows.Second)!.WindowGeometry == new HostRect(0, 0, 700, 500));
        Scanout(windows, 1, 720, 400);
        Scanout(windows, 0, 320, 240);
        windows.Wait(h => h.Surface(windows.First)!.WindowGeometry == new HostRect(0, 0, 320, 240)
            && TwoWindows.Primary(h, windows.Second)!.ViewportDestination == (700, 388));
        Assert.Equal(new HostRect(0, 0, 700, 500), windows.Host.Surface(windows.Second)!.WindowGeometry);
        windows.End();
    }

    [Fact]
    public void On_a_portrait_screen_each_window_is_no_wider_than_what_is_seen()
    {
        using var windows = TwoWindows.Shown(TwoWindows.Console(true, 1200, 700), TwoWindows.Console(true, 64, 48),
            // 3: without configure_bounds.
            host: setup => (setup.With("xdg_wm_base", 3).Width, setup.Height, setup.Transform) = (1280, 800, 1));
        windows.Wait(h => h.Surface(windows.First)!.WindowGeometry is { Width: 800, Height: 466 });
        Scanout(windows, 1, 1200, 700);
        windows.Wait(h => h.Surface(windows.Second)!.WindowGeometry is { Width: 800, Height: 466 });
        windows.End();
    }

    /// <summary>In the window's pixels, which are half of the console's.</summary>
    [Fact]
    public void A_place_is_one_of_the_window_that_it_is_in()
    {
        using var windows = TwoWindows.Shown(arguments: "--fixed");
        windows.Host.ConfigureOne(windows.Second, 128, 96);
        windows.Wait(h => TwoWindows.Primary(h, windows.Second)!.ViewportDestination == (128, 96));
        windows.Host.PointerEnter(windows.Second, 40, 20);
        windows.Host.PointerEnter(windows.First, 40, 20);
        Assert.Equal([new QemuPosition(1, 20, 10), new QemuPosition(0, 40, 20)], windows.Sent(2));
        windows.End();
    }

    /// <summary>QEMU holds back the whole graphics card, both consoles, while an UpdateDMABUF is unanswered.</summary>
    [Fact]
    public void A_console_whose_window_was_closed_does_not_wait_for_anybody()
    {
        using var windows = TwoWindows.Shown();
        windows.ShowOneMore();
        windows.WaitQemu(q => !q.Consoles[1].IsGlBlocked);
        windows.Host.CloseOneWindow();
        windows.Wait(h => h.Surface(windows.Second) is null);
        AssertPrompt(windows, 1);
        windows.ShowOneMore();
        windows.End();
    }

    /// <summary>Of two hidden windows each holds its console back, of one beside a visible one not.</summary>
    [Fact]
    public void A_console_whose_window_is_hidden_does_not_hold_back_the_one_that_is_seen()
    {
        using var windows = TwoWindows.Shown();
        windows.ShowOneMore();
        windows.Host.HideOne(windows.Second, true);
        // It is hidden once its images have waited in vain: one on the screen, and one that may replace it.
        for (var i = 0; i < 4; i++)
        {
            Update(windows, 0);
            Update(windows, 1);
        }
        AssertPrompt(windows, 1, 0);
        windows.Host.HideOne(windows.Second, false);
        windows.ShowOneMore();
        windows.End();
    }

    /// <summary>By itself an answer comes after 100 ms, but for one frame a second.</summary>
    private static void AssertPrompt(TwoWindows windows, params int[] consoles)
    {
        const int Times = 20;
        var before = windows.Qemu.Consoles[consoles[0]].Updates.Count;
        for (var i = 0; i < Times; i++)
            foreach (var console in consoles)
                Update(windows, console);
        var answers = windows.Qemu.Consoles[consoles[0]].Updates.Skip(before).ToList();
        Assert.InRange(answers.Count(update => update.Duration < TimeSpan.FromMilliseconds(95)), Times / 2, Times);
    }

    private static void Update(TwoWindows windows, int console)
    {
        windows.Qemu.Consoles[console].UpdateDmabuf(0, 0, 1, 1);
        windows.WaitQemu(q => !q.Consoles[console].IsGlBlocked);
    }

    private static void Scanout(TwoWindows windows, int console, int width, int height) =>
        windows.Qemu.Consoles[console].Scanout((uint)width, (uint)height, (uint)width * 4, QemuDesktop.Xrgb, new byte[width * height * 4]);
}

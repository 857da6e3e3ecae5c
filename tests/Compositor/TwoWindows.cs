using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The two windows of a VM with two consoles, on one desktop.</summary>
internal sealed class TwoWindows : IDisposable
{
    // linux/input-event-codes.h.
    private const uint LeftCtrl = 29, LeftAlt = 56;

    private readonly Fd _image = QemuDesktop.Memory(7);

    private TwoWindows(QemuDesktop desktop)
    {
        Desktop = desktop;
        desktop.Wait(h => Roots(h).Count == 2 && Roots(h).All(root => root is { WindowGeometry: not null, Buffer: not null }));
        var roots = Roots(desktop.Host);
        (First, Second) = (roots[0].Id, roots[1].Id);
    }

    public QemuDesktop Desktop { get; }

    public FakeHost Host => Desktop.Host;

    public FakeQemu Qemu => Desktop.Qemu;

    /// <summary>The root of console 0's window.</summary>
    public uint First { get; }

    /// <summary>The root of console 1's window.</summary>
    public uint Second { get; }

    /// <param name="first">By default 64x48, as the second.</param>
    /// <param name="second">By default one that takes what the first one takes.</param>
    /// <param name="arguments">Of show, after the source.</param>
    /// <param name="host">What the host has besides pointer, keyboard and touch.</param>
    /// <param name="command">show or kiosk.</param>
    public static TwoWindows Shown(QemuConsoleSetup? first = null, QemuConsoleSetup? second = null, string arguments = "",
        Action<HostSetup>? host = null, string command = "show")
    {
        first ??= Console(isAbsolute: true);
        var vm = new QemuSetup { Consoles = [first, second ?? first] };
        var desktop = QemuDesktop.Shown(arguments, vm, host, command);
        try
        {
            return new(desktop);
        }
        catch
        {
            desktop.Dispose();
            throw;
        }
    }

    public static QemuConsoleSetup Console(bool isAbsolute, uint width = 64, uint height = 48) =>
        new() { Width = width, Height = height, IsAbsolute = isAbsolute };

    public string? TitleOf(uint root) => Host.Surface(root)!.Title;

    /// <summary>The desynchronised subsurface of a window.</summary>
    public static HostSurfaceInfo? Primary(FakeHost host, uint root) =>
        host.Surfaces.FirstOrDefault(surface => surface.Parent == root && !surface.IsSync);

    /// <summary>A window's cursor plane, while it is on a subsurface.</summary>
    public static HostSurfaceInfo? Cursor(FakeHost host, uint root) =>
        host.Surfaces.LastOrDefault(surface => surface.Parent == root && surface is { IsSync: true, Buffer: not null });

    public void Wait(Func<FakeHost, bool> condition) => Desktop.Wait(condition);

    public void WaitQemu(Func<FakeQemu, bool> condition) => Desktop.WaitQemu(condition);

    public List<QemuInput> Sent(int count) => Desktop.Sent(count);

    public void Tap(uint code)
    {
        Host.Key(code, true);
        Host.Key(code, false);
    }

    public void Chord()
    {
        Host.Key(LeftCtrl, true);
        Tap(LeftAlt);
        Host.Key(LeftCtrl, false);
    }

    public int Count(string request) => Host.Transcript.Matching(request).Count;

    /// <summary>The program has handled all that compositor and VM have sent: it answers both in order.</summary>
    public void Settle()
    {
        for (var i = 0; i < 2; i++)
        {
            ShowOneMore();
            Host.Ping();
            Wait(h => h.PingsAnswered());
        }
    }

    /// <summary>A new image of each console reaches the screen.</summary>
    public void ShowOneMore()
    {
        foreach (var (root, console) in new[] { (First, 0), (Second, 1) })
        {
            if (Primary(Host, root) is not { Id: var primary })
                continue;
            var commits = Host.Commits(primary);
            Qemu.Consoles[console].ScanoutDmabuf2(QemuDesktop.Image(_image));
            Qemu.Consoles[console].UpdateDmabuf(0, 0, 64, 48);
            Wait(h => h.Commits(primary) > commits);
        }
    }

    public ProgramRun End() => Desktop.End();

    public void Dispose()
    {
        Desktop.Dispose();
        _image.Dispose();
    }

    private static List<HostSurfaceInfo> Roots(FakeHost host) =>
        [.. host.Surfaces.Where(surface => surface is { Role: "xdg_toplevel", Title: not null })
            .Where(surface => surface.Title!.Contains("virtio-vga", StringComparison.Ordinal)).OrderBy(surface => surface.Title, StringComparer.Ordinal)];
}

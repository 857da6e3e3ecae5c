using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Guestplane.Linux;
using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Hosts;

/// <summary>
/// A real compositor without a seat of its own: weston makes one for each RDP client, and takes its devices away with the client.
/// weston 10 keeps the wl_seat itself.
/// </summary>
public sealed class RdpSeatTests : IDisposable
{
    private const int Rounds = 4, Width = 320, Height = 240;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
    private readonly FakeQemu _qemu = new(new QemuSetup { Consoles = [new() { Width = Width, Height = Height, IsAbsolute = true }] });

    private readonly byte[] _image = new byte[Width * 4 * Height];
    private int _frames;

    public void Dispose()
    {
        _qemu.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Keys_and_pointer_of_each_client_reach_the_VM()
    {
        using var sway = await HeadlessSway.Start();
        using var seat = new VirtualSeat(sway);
        var port = FreePort();
        using var weston = await NestedWeston.StartRdp(sway, port);
        var qmp = new FakeQmp(_qemu, Path.Combine(_folder.FullName, "qmp"));
        using var show = ProgramRun.Start(sway.RuntimeDir, NestedWeston.DisplayName, $"show qemu:qmp={qmp.SocketPath} --fullscreen");
        var descriptors = new List<int>();
        for (var round = 0; round < Rounds; round++)
        {
            using var client = Client(sway, port);
            await Tools.Until(() => IsThere(sway), () => "the RDP client has no window");
            await Arrives<QemuPosition>(() =>
            {
                seat.MoveTo(300, 300);
                seat.MoveTo(320, 310);
            });
            // weston gives the keyboard of a new seat to the window that is clicked.
            await Arrives<QemuButton>(() => seat.Click(VirtualSeat.ButtonLeft));
            await Arrives<QemuKey>(() => seat.Tap(VirtualSeat.A));
            client.Kill();
            await client.WaitForExitAsync(TestContext.Current.CancellationToken);
            await Tools.Until(() => sway.Windows().Count == 0, () => "the RDP client's window stays");
            if (round < Rounds / 2)
                descriptors.Add(ProcessFds.List(show.Id).Count());
        }
        // The last client's keymap and cursors may be kept until the next.
        await Tools.Until(() => ProcessFds.List(show.Id).Count() <= descriptors.Max(), () => "descriptors stay open");
        show.Terminate();
        var end = show.Wait();
        Assert.True(end.ExitCode == 0, end.Messages);
    }

    /// <summary>The client shows its window when weston has drawn something, so the VM does.</summary>
    private bool IsThere(HeadlessSway sway)
    {
        _image.AsSpan().Fill((byte)++_frames);
        _qemu.Console.Scanout(Width, Height, Width * 4, QemuByteScanout.X8R8G8B8, _image);
        return sway.Windows().Any(window => window.IsFocused);
    }

    /// <summary>Until it arrives: the client takes a while to connect.</summary>
    private Task Arrives<T>(Action act)
    {
        var before = _qemu.Input.Count;
        return Tools.Until(() =>
        {
            act();
            return _qemu.Input.Skip(before).OfType<T>().Any();
        }, () => $"no {typeof(T).Name} arrives in the VM");
    }

    private static Process Client(HeadlessSway sway, int port)
    {
        var start = new ProcessStartInfo("wlfreerdp", [$"/v:127.0.0.1:{port}", "/cert:ignore", "/u:user", "/p:", "/size:640x480", "-gfx"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        sway.Prepare(start);
        start.Environment["HOME"] = sway.RuntimeDir;
        var client = Process.Start(start)!;
        client.BeginOutputReadLine();
        client.BeginErrorReadLine();
        return client;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

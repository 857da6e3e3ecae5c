using System.Diagnostics;
using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

/// <summary>A client of ours on a fake host, driven by hand: nothing happens between two calls.</summary>
internal sealed class HostedClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, (uint Name, uint Version)> _globals = [];

    public HostedClient(Action<HostSetup>? change = null)
    {
        var setup = new HostSetup(Repository.Protocols) { ManualVblank = true };
        change?.Invoke(setup);
        Host = new FakeHost(setup);
        Display = WlDisplay.Connect(Host.SocketPath)!;
        Registry = Display.GetRegistry();
        Registry.Global += (_, e) => _globals[e.Interface] = (e.Name, e.Version);
        Sync();
    }

    public FakeHost Host { get; }

    public WlDisplay Display { get; }

    public WlRegistry Registry { get; }

    public T Bind<T>(string name, uint? version = null) where T : WlProxy, IWlInterface<T> =>
        Registry.Bind<T>(_globals[name].Name, version ?? _globals[name].Version);

    /// <summary>Until the host has answered all that was sent, and has closed its copies of what it sent.</summary>
    public void Sync()
    {
        var isDone = false;
        var callback = Display.Sync();
        callback.Done += (_, _) => isDone = true;
        Until(() => isDone);
        // Waits for the host's turn to end.
        _ = Host.Clients;
    }

    /// <summary>Dispatches until the condition holds, or throws what dispatching throws.</summary>
    public void Until(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < s_patience, "the event does not come");
            Turn();
            Thread.Yield();
        }
    }

    /// <summary>Sends, reads what is there, dispatches; waits for nothing.</summary>
    public void Turn()
    {
        Display.PrepareRead();
        Display.Flush();
        // With an empty socket libwayland's read ends at once: the socket never blocks.
        Display.ReadEvents();
        Display.DispatchPending();
    }

    /// <summary>A window that shows a pixel.</summary>
    public (WlSurface Surface, XdgToplevel Toplevel) Window()
    {
        var surface = Bind<WlCompositor>("wl_compositor").CreateSurface();
        var window = Bind<XdgWmBase>("xdg_wm_base").GetXdgSurface(surface);
        var toplevel = window.GetToplevel();
        window.Configure += (_, e) => window.AckConfigure(e.Serial);
        surface.Commit();
        Sync();
        surface.Attach(Pixel(), 0, 0);
        surface.Commit();
        Sync();
        return (surface, toplevel);
    }

    public WlBuffer Pixel() =>
        Bind<WpSinglePixelBufferManagerV1>("wp_single_pixel_buffer_manager_v1").CreateU32RgbaBuffer(0, 0, 0, uint.MaxValue);

    public void Dispose()
    {
        Display.Dispose();
        Host.Dispose();
    }
}

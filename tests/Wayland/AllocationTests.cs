using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

/// <summary>A frame costs no garbage. The host's vblanks come from another thread, where allocations do not count.</summary>
public sealed class AllocationTests
{
    private const int WarmUp = 200, Measured = 1000;

    [Fact]
    public async Task A_frame_allocates_nothing()
    {
        using var client = new HostedClient();
        using var frames = new Frames(client);
        using var cancel = new CancellationTokenSource();
        var vblanks = Task.Run(() => Refresh(client.Host, cancel.Token), TestContext.Current.CancellationToken);
        frames.Show(WarmUp);
        var before = GC.GetAllocatedBytesForCurrentThread();
        frames.Show(Measured);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        await cancel.CancelAsync();
        await vblanks;
        Assert.Equal(0, allocated);
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void Short_and_long_strings_allocate_nothing()
    {
        using var client = new HostedClient();
        var (_, toplevel) = client.Window();
        var (small, large) = (new string('s', 20), new string('l', 2000));
        Title(client, toplevel, small, large);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
            Title(client, toplevel, small, large);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Title(HostedClient client, XdgToplevel toplevel, string small, string large)
    {
        toplevel.SetTitle(small);
        toplevel.SetTitle(large);
        client.Display.Flush();
    }

    private static void Refresh(FakeHost host, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
            host.Vblank();
    }

    /// <summary>The client of a frame loop, with everything that it needs made before.</summary>
    private sealed class Frames : IDisposable
    {
        private readonly HostedClient _client;
        private readonly WlSurface _surface;
        private readonly WlBuffer[] _buffers;
        private readonly EventHandler<WlCallback.DoneEventArgs> _done;
        private readonly WpPresentation _presentation;
        private readonly EventHandler<WpPresentationFeedback.PresentedEventArgs> _presented;
        private bool _isDone;
        private bool _isPresented;

        public Frames(HostedClient client)
        {
            _client = client;
            _surface = client.Window().Surface;
            _buffers = [client.Pixel(), client.Pixel()];
            _presentation = client.Bind<WpPresentation>("wp_presentation");
            _done = (_, e) => _isDone = e.CallbackData > 0;
            _presented = (_, e) => _isPresented = e.Refresh > 0;
        }

        public void Show(int count)
        {
            for (var i = 0; i < count; i++)
                ShowOne(_buffers[i % 2]);
        }

        public void Dispose() => _surface.Dispose();

        private void ShowOne(WlBuffer buffer)
        {
            (_isDone, _isPresented) = (false, false);
            _surface.Attach(buffer, 0, 0);
            _surface.Damage(0, 0, 1, 1);
            _surface.Frame().Done += _done;
            _presentation.Feedback(_surface).Presented += _presented;
            _surface.Commit();
            while (!_isDone || !_isPresented)
                _client.Turn();
        }
    }
}

using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>A window in which the user chooses what to show. What is there is looked up again every two seconds.</summary>
internal sealed class Picker : IDisposable
{
    private const int Width = 720, Height = 480;
    private const uint Background = 0x202830;

    /// <summary>About what a line, and what the text around the rows, is high.</summary>
    private const int LineHeight = 27, Surroundings = 2 * 16 + 6 * LineHeight;
    private const long LookNs = 2_000_000_000;

    /// <summary>A compositor that does not answer does not hold the choice up.</summary>
    private const long TokenPatienceNs = 1_000_000_000;

    private readonly Loop _loop;
    private readonly GuestLayout _layout;
    private readonly Seats _seats;
    private readonly TextWindow _window;
    private readonly PickerList _list;
    private readonly PickerLookup _lookup;
    private readonly LoopTimer _look, _patience;
    private string? _chosen;

    private Picker(Loop loop, Host host, string? connection, string? problem, Messages messages)
    {
        // Virtual keyboards have codes of their own, which a layout translates.
        _layout = new GuestLayout(GuestLayout.Default, messages);
        (_loop, _seats) = (loop, new Seats(host, loop, _layout));
        _list = new PickerList(problem) { LineAt = (x, y) => _window!.LineAt(x, y) };
        var window = new Window(host, "guestplane");
        window.CloseRequested += Close;
        var input = new WindowInput(window.Root, _list) { Bindings = KeyBindings.None };
        input.SetPointerImage(PointerImage.Default);
        var text = new WindowText(loop, host.Globals, window, middle: 0.5, messages);
        _window = new TextWindow(_seats, window, input, text, Background) { OwnSize = (Width, Height) };
        _window.Resizing += place => _list.Rows = (place.Height - Surroundings) / LineHeight;
        _list.Redrawn += Draw;
        _list.Chosen += Choose;
        _window.Map();
        _lookup = new PickerLookup(connection);
        loop.Add(_look = new LoopTimer(_ => Look()));
        loop.Add(_patience = new LoopTimer(_ => loop.Stop()));
        Draw();
        Look();
    }

    /// <summary>The chosen source; null if the user closes the window, or another process has it open.</summary>
    /// <param name="loop">Runs until then.</param>
    /// <param name="connect">Connects to the compositor.</param>
    /// <param name="connection">The URI of libvirt's connection; null for libvirt's default.</param>
    /// <param name="problem">Why the source that was chosen last is not shown.</param>
    /// <param name="messages">Told why no text can be drawn.</param>
    public static string? Choose(Loop loop, Func<Host> connect, string? connection, string? problem, Messages messages)
    {
        using var single = SingleWindow.Claim(loop, "");
        if (single is null)
        {
            messages.Info("The list of VMs is open already. Its window is raised.");
            return null;
        }
        using var picker = new Picker(loop, connect(), connection, problem, messages);
        single.Attach(picker._window.Window.Raise);
        loop.Run();
        return picker._chosen;
    }

    public void Dispose()
    {
        _lookup.Dispose();
        _window.Dispose();
        _seats.Dispose();
        _layout.Dispose();
    }

    /// <summary>Again after a while, also if that fails: a device or a bus may go away while it is looked at.</summary>
    private void Look()
    {
        _look.Set(Clock.Now + LookNs);
        if (!_window.Window.IsSuspended)
            _lookup.Begin(found => _loop.Post(() => _list.Update(found)));
    }

    private void Close()
    {
        _chosen = null;
        _loop.Stop();
    }

    private void Draw() => _window.Show(_list.Lines);

    /// <summary>The window that comes next may have the focus, as the user's key or click wanted this.</summary>
    private void Choose(string? source)
    {
        _chosen = source;
        _patience.Set(Clock.Now + TokenPatienceNs);
        var seat = _seats.All.FirstOrDefault(seat => seat.LastSerial is not null);
        if (source is null || seat is null || !_window.Window.PassFocus(seat.LastSerial!.Value, seat.Proxy, _loop.Stop))
            _loop.Stop();
    }
}

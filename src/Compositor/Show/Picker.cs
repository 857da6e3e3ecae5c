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
    private readonly Window _window;
    private readonly Layer _layer;
    private readonly Sheet _background;
    private readonly WindowScale _scale;
    private readonly WindowText _text;
    private readonly PickerList _list;
    private readonly WindowInput _input;
    private readonly WindowPlace _place;
    private readonly PickerLookup _lookup;
    private readonly LoopTimer _look, _patience;
    private string? _chosen;

    private Picker(Loop loop, Host host, string? connection, string? problem, Messages messages)
    {
        // Virtual keyboards have codes of their own, which a layout translates.
        _layout = new GuestLayout(GuestLayout.Default, messages);
        (_loop, _seats, _window) = (loop, new Seats(host, loop, _layout), new Window(host, "guestplane"));
        _window.CloseRequested += Close;
        _scale = new WindowScale(host.Globals, _window.Root);
        _text = new WindowText(loop, host.Globals, _window, middle: 0.5, messages);
        _list = new PickerList(problem) { LineAt = _text.LineAt };
        _list.Redrawn += Draw;
        _list.Chosen += Choose;
        _scale.Changed += Draw;
        _input = new WindowInput(_window.Root, _list) { Bindings = KeyBindings.None };
        _input.SetPointerImage(PointerImage.Default);
        _seats.Add(_input);
        _background = new Sheet(host.Globals, colour: Background);
        _layer = new Layer(host.Globals, _window.Root, null, sync: false);
        _window.Configured += Paint;
        _place = new WindowPlace(host.Globals, _window, fullscreen: false, output: null);
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
        single.Attach(picker._window.Raise);
        loop.Run();
        return picker._chosen;
    }

    public void Dispose()
    {
        _lookup.Dispose();
        _seats.Remove(_input);
        _input.Dispose();
        _place.Dispose();
        _text.Dispose();
        _scale.Dispose();
        _layer.Dispose();
        _window.Dispose();
        _background.Dispose();
        _seats.Dispose();
        _layout.Dispose();
    }

    /// <summary>Again after a while, also if that fails: a device or a bus may go away while it is looked at.</summary>
    private void Look()
    {
        _look.Set(Clock.Now + LookNs);
        if (!_window.IsSuspended)
            _lookup.Begin(found => _loop.Post(() => _list.Update(found)));
    }

    private void Close()
    {
        _chosen = null;
        _loop.Stop();
    }

    private void Draw() => _text.Show(_list.Lines, _scale.Scale120);

    /// <summary>The window that comes next may have the focus, as the user's key or click wanted this.</summary>
    private void Choose(string? source)
    {
        _chosen = source;
        _patience.Set(Clock.Now + TokenPatienceNs);
        var seat = _seats.All.FirstOrDefault(seat => seat.LastSerial is not null);
        if (source is null || seat is null || !_window.PassFocus(seat.LastSerial!.Value, seat.Proxy, _loop.Stop))
            _loop.Stop();
    }

    private void Paint()
    {
        var (width, height) = _window.HostSize.Width > 0 ? _window.HostSize : (Width, Height);
        var all = new Rectangle(0, 0, width, height);
        _window.SetSize(width, height);
        _list.Rows = (height - Surroundings) / LineHeight;
        _background.Paint(_window.Root, width, height);
        _layer.Place(all, new(0, 0, 1, 1), (1, 1), all);
        _layer.SetOpaque(width, height);
        _text.Place(all);
        _window.Root.Commit();
    }
}

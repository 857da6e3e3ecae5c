using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A window with a <see cref="SplashImage"/>, shown until the guest's windows are. It says what is waited for.</summary>
internal sealed class Splash : IDisposable
{
    private readonly Seats _seats;
    private readonly Globals _globals;
    private readonly Window _window;
    private readonly WindowPlace _place;
    private readonly Layer _rootLayer;
    private readonly Sheet _background;
    private readonly WlSurface? _surface;
    private readonly Layer? _layer;
    private readonly WlBuffer? _buffer;
    private readonly (int Width, int Height) _size;
    private readonly WindowInput _input;
    private readonly WindowScale _scale;
    private readonly WindowText _text;

    /// <param name="seats">Those of the connection.</param>
    /// <param name="image">What is shown.</param>
    /// <param name="options">Name the guest that is waited for, and the output.</param>
    /// <param name="loop">The loop of the connection.</param>
    /// <param name="messages">Told why no text can be drawn.</param>
    /// <exception cref="ExitException">Usage: the image cannot be read.</exception>
    public Splash(Seats seats, SplashImage image, ShowOptions options, Loop loop, Messages messages)
    {
        (_seats, _globals) = (seats, seats.Host.Globals);
        var words = $"Waiting for {options.Title ?? options.Source}";
        _window = new Window(seats.Host, words, options.IsDecorated, options.AppId);
        _window.CloseRequested += loop.Stop;
        _scale = new WindowScale(_globals, _window.Root);
        _text = new WindowText(loop, _globals, _window, middle: 0.5, options.HasText ? messages : null);
        _text.Show([words], _scale.Scale120);
        _scale.Changed += () => _text.Show([words], _scale.Scale120);
        _input = new WindowInput(_window.Root, head: null, options.TakePointer);
        _seats.Add(_input);
        _background = new Sheet(_globals, colour: image.Background);
        _rootLayer = new Layer(_globals, _window.Root, null, sync: false);
        if (image.Image is { } path && _globals.Subcompositor is not null)
        {
            (_size, _buffer) = Load(path, image.Background);
            _surface = _globals.Compositor.CreateSurface();
            _layer = new Layer(_globals, _surface, _window.Root, sync: true);
            _layer.IgnoreInput();
        }
        _window.Configured += Paint;
        _place = new WindowPlace(_globals, _window, options.Fullscreen, options.Output);
    }

    /// <inheritdoc cref="Window.Raise"/>
    public void Raise(string token) => _window.Raise(token);

    public void Dispose()
    {
        _seats.Remove(_input);
        _input.Dispose();
        _place.Dispose();
        _text.Dispose();
        _scale.Dispose();
        _layer?.Dispose();
        _surface?.Dispose();
        _buffer?.Dispose();
        _rootLayer.Dispose();
        _window.Dispose();
        _background.Dispose();
    }

    private void Paint()
    {
        var (width, height) = _window.HostSize.Width > 0 ? _window.HostSize : (640, 480);
        var all = new Rectangle(0, 0, width, height);
        _window.SetSize(width, height);
        _background.Paint(_window.Root, width, height);
        _rootLayer.Place(all, new(0, 0, 1, 1), (1, 1), all);
        _rootLayer.SetOpaque(width, height);
        if (_surface is not null)
        {
            _layer!.Place(new((width - _size.Width) / 2, (height - _size.Height) / 2, _size.Width, _size.Height),
                new(0, 0, _size.Width, _size.Height), _size, all);
            _surface.Attach(_buffer, 0, 0);
            _surface.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
            _surface.Commit();
        }
        _text.Place(all);
        _window.Root.Commit();
    }

    private ((int Width, int Height) Size, WlBuffer Buffer) Load(string path, uint background)
    {
        try
        {
            var (width, height, pixels) = Png.Read(path, background, PlaneLayout.MaxSide);
            using var memory = Memfd.Create("guestplane-splash", pixels.Length);
            memory.WriteAt(pixels, 0);
            using var pool = _globals.Shm.CreatePool(memory, pixels.Length);
            return ((width, height), pool.CreateBuffer(0, width, height, width * 4, WlShmFormat.Xrgb8888));
        }
        catch (Exception e) when (e is InvalidDataException or DllNotFoundException)
        {
            throw new ExitException(ExitCode.Usage, e is DllNotFoundException
                ? "A splash image needs libpng16.so.16 (Debian: libpng16-16t64 or libpng16-16); a colour needs nothing."
                : $"The splash image {e.Message}.");
        }
    }
}

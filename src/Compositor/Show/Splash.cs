using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A window with a <see cref="SplashImage"/>, shown until the guest's windows are. It says what is waited for.</summary>
internal sealed class Splash : IDisposable
{
    private readonly Globals _globals;
    private readonly TextWindow _window;
    private readonly WlSurface? _surface;
    private readonly Layer? _layer;
    private readonly WlBuffer? _buffer;
    private readonly (int Width, int Height) _size;

    /// <param name="seats">Those of the connection.</param>
    /// <param name="image">What is shown.</param>
    /// <param name="options">Name the guest that is waited for, and the output.</param>
    /// <param name="loop">The loop of the connection.</param>
    /// <param name="messages">Told why no text can be drawn.</param>
    /// <exception cref="ExitException">Usage: the image cannot be read.</exception>
    public Splash(Seats seats, SplashImage image, ShowOptions options, Loop loop, Messages messages)
    {
        _globals = seats.Host.Globals;
        var words = $"Waiting for {options.Title ?? options.Source}";
        var window = new Window(seats.Host, words, options.IsDecorated, options.AppId);
        window.CloseRequested += loop.Stop;
        var input = new WindowInput(window.Root, head: null, options.TakePointer);
        var text = new WindowText(loop, _globals, window, middle: 0.5, options.HasText ? messages : null);
        _window = new TextWindow(seats, window, input, text, image.Background);
        _window.Show([new(words)]);
        if (image.Image is { } path && _globals.Subcompositor is not null)
        {
            (_size, _buffer) = Load(path, image.Background);
            _surface = _globals.Compositor.CreateSurface();
            _layer = new Layer(_globals, _surface, window.Root, sync: true);
            _layer.IgnoreInput();
            _window.Resizing += PlaceImage;
        }
        _window.Map(options.Fullscreen, options.Output);
    }

    /// <inheritdoc cref="Window.Raise"/>
    public void Raise(string token) => _window.Window.Raise(token);

    public void Dispose()
    {
        _layer?.Dispose();
        _surface?.Dispose();
        _buffer?.Dispose();
        _window.Dispose();
    }

    private void PlaceImage(Rectangle window)
    {
        _layer!.Place(new((window.Width - _size.Width) / 2, (window.Height - _size.Height) / 2, _size.Width, _size.Height),
            new(0, 0, _size.Width, _size.Height), _size, window);
        _surface!.Attach(_buffer, 0, 0);
        _surface.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
        _surface.Commit();
    }

    /// <summary>Checks the image before there is a compositor.</summary>
    /// <exception cref="ExitException">Usage: it cannot be read.</exception>
    public static void Check(SplashImage image)
    {
        if (image.Image is { } path)
            _ = Read(path, image.Background);
    }

    private ((int Width, int Height) Size, WlBuffer Buffer) Load(string path, uint background)
    {
        var (width, height, pixels) = Read(path, background);
        using var memory = Memfd.Create("guestplane-splash", pixels.Length);
        memory.WriteAt(pixels, 0);
        using var pool = _globals.Shm.CreatePool(memory, pixels.Length);
        return ((width, height), pool.CreateBuffer(0, width, height, width * 4, WlShmFormat.Xrgb8888));
    }

    private static (int Width, int Height, byte[] Pixels) Read(string path, uint background)
    {
        try
        {
            return Png.Read(path, background, PlaneLayout.MaxSide);
        }
        catch (Exception e) when (e is InvalidDataException or DllNotFoundException)
        {
            throw new ExitException(ExitCode.Usage, e is DllNotFoundException
                ? "A splash image needs libpng16.so.16 (Debian: libpng16-16t64 or libpng16-16); a colour needs nothing."
                : $"The splash image {e.Message}.");
        }
    }
}

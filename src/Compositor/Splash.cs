using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>What an unattended display shows before there is a guest: one colour, and on it an image that does not change.</summary>
/// <param name="Background">0xRRGGBB.</param>
/// <param name="Image">A PNG, or null.</param>
internal sealed record SplashImage(uint Background, string? Image);

/// <summary>The window of a <see cref="SplashImage"/>, full screen, until the guest's is there.</summary>
internal sealed class Splash : IDisposable
{
    private readonly Globals _globals;
    private readonly Window _window;
    private readonly WindowPlace _place;
    private readonly Layer _rootLayer;
    private readonly WlBuffer _pixel;
    private readonly WlSurface? _surface;
    private readonly Layer? _layer;
    private readonly WlBuffer? _buffer;
    private readonly (int Width, int Height) _size;
    private readonly WindowInput _input;

    /// <exception cref="ExitException">Usage: the image cannot be read.</exception>
    public Splash(Host host, SplashImage image, string? output, bool takesPointer)
    {
        _globals = host.Globals;
        _window = new Window(host, "guestplane");
        _input = new WindowInput(_window.Root, head: null, takesPointer);
        _globals.Seat?.Add(_input);
        _pixel = Pixel.Create(_globals, 0xffffffff, image.Background);
        _rootLayer = new Layer(_globals, _window.Root, null, sync: false);
        if (image.Image is { } path && _globals is { Subcompositor: not null, Viewporter: not null })
        {
            (_size, _buffer) = Load(path, image.Background);
            _surface = _globals.Compositor.CreateSurface();
            _layer = new Layer(_globals, _surface, _window.Root, sync: true);
            _layer.IgnoreInput();
        }
        _window.Configured += Paint;
        _place = new WindowPlace(_globals, _window, fullscreen: true, output);
    }

    public void Dispose()
    {
        _globals.Seat?.Remove(_input);
        _input.Dispose();
        _place.Dispose();
        _layer?.Dispose();
        _surface?.Dispose();
        _buffer?.Dispose();
        _rootLayer.Dispose();
        _window.Dispose();
        _pixel.Dispose();
    }

    private void Paint()
    {
        var (width, height) = _window.HostSize.Width > 0 ? _window.HostSize : (640, 480);
        var all = new Rectangle(0, 0, width, height);
        _window.SetSize(width, height);
        _window.Root.Attach(_pixel, 0, 0);
        _window.Root.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
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

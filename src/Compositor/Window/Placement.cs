using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>How a guest's image is fitted into the window.</summary>
internal enum ScaleMode
{
    /// <summary>As large as the window allows, with the guest's aspect ratio.</summary>
    Fit,

    /// <summary>
    /// As large as the window allows, at an integer number of device pixels per guest pixel. An image that is larger than the
    /// window is placed as by <see cref="Fit"/>.
    /// </summary>
    Integer,

    /// <summary>The whole window, with any aspect ratio.</summary>
    Stretch,

    /// <summary>One device pixel per guest pixel; the centre of an image that is larger than the window.</summary>
    Unscaled,
}

/// <summary>The position of the primary plane in the window (logical pixels), and the part of the guest's image in it.</summary>
internal readonly record struct Placement(Rectangle Window, Rectangle Plane, Rectangle Source)
{
    /// <summary>The placement until the first layout: one logical pixel per guest pixel.</summary>
    public static Placement OneToOne { get; } = Of((1, 1), (1, 1), ScaleMode.Fit);

    /// <summary>Centres an image in the window.</summary>
    /// <param name="window">The window's size in logical pixels.</param>
    /// <param name="guest">The image's size in its pixels.</param>
    /// <param name="mode">Without effect if the image has the window's size in device pixels: it fills the window.</param>
    /// <param name="scale120">Device pixels per logical pixel, in 1/120.</param>
    public static Placement Of(
        (int Width, int Height) window, (int Width, int Height) guest, ScaleMode mode, int scale120 = WindowScale.One)
    {
        var (wide, high) = (WindowScale.ToDevice(window.Width, scale120), WindowScale.ToDevice(window.Height, scale120));
        var times = Math.Min(wide / guest.Width, high / guest.Height);
        if ((wide, high) == guest || mode == ScaleMode.Stretch)
            return Of(window, new(0, window.Width, 0, guest.Width), new(0, window.Height, 0, guest.Height));
        if (mode == ScaleMode.Unscaled || (mode == ScaleMode.Integer && times == 1))
            return Of(
                window, Span.Unscaled(window.Width, guest.Width, scale120), Span.Unscaled(window.Height, guest.Height, scale120));
        var (width, height) = mode == ScaleMode.Integer && times > 1
            ? (WindowScale.ToLogical(guest.Width * times, scale120), WindowScale.ToLogical(guest.Height * times, scale120))
            : Fit(window, guest);
        return Of(window, Span.Centred(window.Width, width, guest.Width), Span.Centred(window.Height, height, guest.Height));
    }

    /// <summary>Converts a position in the guest to one in the window.</summary>
    public PixelPoint Map(PixelPoint guest) => new(
        Plane.X + (int)Math.Floor((double)(guest.X - Source.X) * Plane.Width / Source.Width),
        Plane.Y + (int)Math.Floor((double)(guest.Y - Source.Y) * Plane.Height / Source.Height));

    /// <summary>Converts a position in the window to one in the guest, which may lie outside the image.</summary>
    public (double X, double Y) Unmap(double x, double y) =>
        (Source.X + (x - Plane.X) * Source.Width / Plane.Width, Source.Y + (y - Plane.Y) * Source.Height / Plane.Height);

    /// <summary>Converts a size in the guest to one in the window, at least (1, 1).</summary>
    public (int Width, int Height) MapSize(int width, int height) => (
        Math.Max(1, (int)Math.Round((double)width * Plane.Width / Source.Width)),
        Math.Max(1, (int)Math.Round((double)height * Plane.Height / Source.Height)));

    private static Placement Of((int Width, int Height) window, Span x, Span y) => new(
        new(0, 0, window.Width, window.Height),
        new(x.Start, y.Start, x.Length, y.Length),
        new(x.GuestStart, y.GuestStart, x.GuestLength, y.GuestLength));

    /// <summary>The largest size in the window that has the guest's aspect ratio.</summary>
    public static (int Width, int Height) Fit((int Width, int Height) window, (int Width, int Height) guest)
    {
        // Cross-multiplied, so that an exact fit stays exact.
        var wide = (long)guest.Width * window.Height >= (long)guest.Height * window.Width;
        return wide ? (window.Width, (int)Math.Max(1, (long)guest.Height * window.Width / guest.Width))
            : ((int)Math.Max(1, (long)guest.Width * window.Height / guest.Height), window.Height);
    }

    /// <summary>A placement in one direction.</summary>
    private readonly record struct Span(int Start, int Length, int GuestStart, int GuestLength)
    {
        public static Span Centred(int window, int length, int guest) => new((window - length) / 2, length, 0, guest);

        /// <summary>
        /// Compositors round a surface's edges to device pixels. So the start is a logical pixel on a device pixel, and the
        /// length rounds to no more than the guest's: at scale 1.5 an odd image loses its last row, but nothing is blurred.
        /// </summary>
        public static Span Unscaled(int window, int guest, int scale120)
        {
            var device = WindowScale.ToDevice(window, scale120);
            if (device <= guest)
                return new(0, window, (guest - device) / 2, device);
            var length = WindowScale.ToLogical(guest, scale120);
            if (length > 1 && WindowScale.ToDevice(length, scale120) > guest)
                length--;
            var step = WindowScale.One / CommonDivisor(scale120, WindowScale.One);
            return new((window - length) / 2 / step * step, length, 0, Math.Min(WindowScale.ToDevice(length, scale120), guest));
        }

        private static int CommonDivisor(int a, int b) => b == 0 ? a : CommonDivisor(b, a % b);
    }
}

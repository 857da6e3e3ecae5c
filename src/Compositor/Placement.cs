using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>How a guest's image is fitted into the window.</summary>
internal enum ScaleMode
{
    /// <summary>As large as the window allows, its shape kept.</summary>
    Fit,

    /// <summary>As large as the window allows, each guest pixel as a whole number of the screen's; an image that is larger than the window as <see cref="Fit"/>.</summary>
    Integer,

    /// <summary>The whole window, whatever becomes of its shape.</summary>
    Stretch,

    /// <summary>One guest pixel to one of the screen's; what does not fit is outside the window.</summary>
    Unscaled,
}

/// <summary>Where the primary plane lies in the window, in logical pixels, and which part of the guest's image that is.</summary>
internal readonly record struct Placement(Rectangle Window, Rectangle Plane, Rectangle Source)
{
    /// <summary>Centred in the window, by the mode.</summary>
    /// <param name="window">Logical pixels.</param>
    /// <param name="guest">Its image's.</param>
    /// <param name="mode">A guest that is exactly as large as the window, in device pixels, fills it in any.</param>
    /// <param name="scale120">Device pixels per logical pixel, in 1/120.</param>
    public static Placement Of((int Width, int Height) window, (int Width, int Height) guest, ScaleMode mode, int scale120 = WindowScale.One)
    {
        var (wide, high) = (WindowScale.ToDevice(window.Width, scale120), WindowScale.ToDevice(window.Height, scale120));
        var times = Math.Min(wide / guest.Width, high / guest.Height);
        if ((wide, high) == guest || mode == ScaleMode.Stretch)
            return Of(window, new(0, window.Width, 0, guest.Width), new(0, window.Height, 0, guest.Height));
        if (mode == ScaleMode.Unscaled || (mode == ScaleMode.Integer && times == 1))
            return Of(window, Span.Unscaled(window.Width, guest.Width, scale120), Span.Unscaled(window.Height, guest.Height, scale120));
        var (width, height) = mode == ScaleMode.Integer && times > 1
            ? (WindowScale.ToLogical(guest.Width * times, scale120), WindowScale.ToLogical(guest.Height * times, scale120))
            : Fit(window, guest);
        return Of(window, Span.Centred(window.Width, width, guest.Width), Span.Centred(window.Height, height, guest.Height));
    }

    /// <summary>A point of the guest, in the window.</summary>
    public PixelPoint Map(PixelPoint guest) => new(
        Plane.X + (int)Math.Floor((double)(guest.X - Source.X) * Plane.Width / Source.Width),
        Plane.Y + (int)Math.Floor((double)(guest.Y - Source.Y) * Plane.Height / Source.Height));

    /// <summary>A place in the window, as one of the guest; outside of the image it is outside there too.</summary>
    public (double X, double Y) Unmap(double x, double y) =>
        (Source.X + (x - Plane.X) * Source.Width / Plane.Width, Source.Y + (y - Plane.Y) * Source.Height / Plane.Height);

    /// <summary>A length of the guest, in the window.</summary>
    public (int Width, int Height) MapSize(int width, int height) => (
        Math.Max(1, (int)Math.Round((double)width * Plane.Width / Source.Width)),
        Math.Max(1, (int)Math.Round((double)height * Plane.Height / Source.Height)));

    private static Placement Of((int Width, int Height) window, Span x, Span y) => new(
        new(0, 0, window.Width, window.Height),
        new(x.Start, y.Start, x.Length, y.Length),
        new(x.GuestStart, y.GuestStart, x.GuestLength, y.GuestLength));

    /// <summary>As large as the window allows, its shape kept.</summary>
    public static (int Width, int Height) Fit((int Width, int Height) window, (int Width, int Height) guest)
    {
        // Compared crosswise, so that an exact fit stays exact.
        var wide = (long)guest.Width * window.Height >= (long)guest.Height * window.Width;
        return wide ? (window.Width, (int)Math.Max(1, (long)guest.Height * window.Width / guest.Width))
            : ((int)Math.Max(1, (long)guest.Width * window.Height / guest.Height), window.Height);
    }

    /// <summary>A placement in one direction.</summary>
    private readonly record struct Span(int Start, int Length, int GuestStart, int GuestLength)
    {
        public static Span Centred(int window, int length, int guest) => new((window - length) / 2, length, 0, guest);

        /// <summary>
        /// Hosts round a surface's edges to device pixels. So it begins where a logical pixel is a whole number of them, and is
        /// as long as rounds to no more than the guest has: at 1.5 an odd image's last row is lost, and none is blurred.
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

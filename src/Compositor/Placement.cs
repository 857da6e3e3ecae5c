using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>How a guest's image is fitted into the window.</summary>
internal enum ScaleMode
{
    /// <summary>As large as the window allows, its shape kept.</summary>
    Fit,

    /// <summary>As large as the window allows, in whole multiples; if it is larger than the window, as <see cref="Fit"/>.</summary>
    Integer,

    /// <summary>The whole window, whatever becomes of its shape.</summary>
    Stretch,

    /// <summary>One guest pixel to one logical pixel; what does not fit is outside the window.</summary>
    Unscaled,
}

/// <summary>Where the primary plane lies in the window, and so where everything on it does.</summary>
internal readonly record struct Placement(Rectangle Window, Rectangle Plane, int GuestWidth, int GuestHeight)
{
    /// <summary>Centred in the window, by the mode. If the guest is exactly as large as the window in device pixels, it fills it, whatever rounding says.</summary>
    public static Placement Of(int windowWidth, int windowHeight, int guestWidth, int guestHeight, ScaleMode mode, bool isExact = false)
    {
        var times = Math.Min(windowWidth / guestWidth, windowHeight / guestHeight);
        var (width, height) = mode switch
        {
            _ when isExact || mode == ScaleMode.Stretch => (windowWidth, windowHeight),
            ScaleMode.Unscaled => (guestWidth, guestHeight),
            ScaleMode.Integer when times > 0 => (guestWidth * times, guestHeight * times),
            _ => Fit(windowWidth, windowHeight, guestWidth, guestHeight),
        };
        return new(new(0, 0, windowWidth, windowHeight), new((windowWidth - width) / 2, (windowHeight - height) / 2, width, height), guestWidth, guestHeight);
    }

    private static (int Width, int Height) Fit(int windowWidth, int windowHeight, int guestWidth, int guestHeight)
    {
        // Compared crosswise, so that an exact fit stays exact.
        var wide = (long)guestWidth * windowHeight >= (long)guestHeight * windowWidth;
        return wide ? (windowWidth, (int)Math.Max(1, (long)guestHeight * windowWidth / guestWidth))
            : ((int)Math.Max(1, (long)guestWidth * windowHeight / guestHeight), windowHeight);
    }

    /// <summary>A point of the guest, in the window.</summary>
    public PixelPoint Map(PixelPoint guest) => new(
        Plane.X + (int)Math.Floor((double)guest.X * Plane.Width / GuestWidth),
        Plane.Y + (int)Math.Floor((double)guest.Y * Plane.Height / GuestHeight));

    /// <summary>A place in the window, as one of the guest; outside of the image it is outside there too.</summary>
    public (double X, double Y) Unmap(double x, double y) =>
        ((x - Plane.X) * GuestWidth / Plane.Width, (y - Plane.Y) * GuestHeight / Plane.Height);

    /// <summary>A length of the guest, in the window.</summary>
    public (int Width, int Height) MapSize(int width, int height) => (
        Math.Max(1, (int)Math.Round((double)width * Plane.Width / GuestWidth)),
        Math.Max(1, (int)Math.Round((double)height * Plane.Height / GuestHeight)));
}

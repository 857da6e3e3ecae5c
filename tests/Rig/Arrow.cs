using Guestplane.Gvt;

namespace Guestplane.Tests.Rig;

/// <summary>The cursors of the rig's guests on a screenshot: white, with a black edge, the tip at the hotspot. Each pixel counts.</summary>
internal static class Arrow
{
    private const uint Black = 0, White = 0xffffff;

    /// <summary>PatternPainter's: right and downwards, cut off at 45 degrees. What is outside of the screen does not count.</summary>
    public static bool IsOfPatternAt(Png shot, PixelPoint tip)
    {
        const int side = 40;
        for (var y = 0; y < side && tip.Y + y < shot.Height; y++)
            for (var x = 0; x + y < side && tip.X + x < shot.Width; x++)
                if (shot[tip.X + x, tip.Y + y] != (x < 2 || y < 2 || x + y >= side - 3 ? Black : White))
                    return false;
        return tip.Y < shot.Height && tip.X < shot.Width;
    }

    /// <summary>That of tests/rig/driver/painter.c.</summary>
    public static bool IsOfDriverAt(Png shot, PixelPoint tip)
    {
        const int length = 24;
        for (var y = 0; y < length; y++)
            for (var x = 0; x <= y; x++)
                if (shot[tip.X + x, tip.Y + y] != (x == 0 || x == y || y == length - 1 ? Black : White))
                    return false;
        return true;
    }
}

namespace Guestplane.Gvt.Pattern;

/// <summary>
/// A frame number that can be read from a screenshot. At (16, 16), 37 cells of 8×16 pixels: white, black; 32 bits, most
/// significant first, white = 1; a parity cell that makes the number of white bits even; black, white.
/// </summary>
public static class BarCode
{
    public const int X = 16, Y = 16, CellWidth = 8, CellHeight = 16, Cells = 37;

    /// <summary>The smallest image that has room for one.</summary>
    public const int MinWidth = X + Cells * CellWidth + X, MinHeight = Y + CellHeight + Y;

    /// <summary>True if a cell is white.</summary>
    public static bool IsWhite(uint frame, int cell) => cell switch
    {
        0 or Cells - 1 => true,
        1 or Cells - 2 => false,
        Cells - 3 => (System.Numerics.BitOperations.PopCount(frame) & 1) == 1,
        _ => (frame >> (33 - cell) & 1) == 1,
    };

    /// <summary>
    /// Reads the frame number; null if there is no bar code. <paramref name="isWhite"/> returns the colour of a pixel.
    /// </summary>
    public static uint? Read(Func<int, int, bool> isWhite)
    {
        bool Cell(int n) => isWhite(X + n * CellWidth + CellWidth / 2, Y + CellHeight / 2);
        uint frame = 0;
        for (var n = 2; n < 34; n++)
            frame = frame << 1 | (Cell(n) ? 1u : 0);
        for (var n = 0; n < Cells; n++)
            if (Cell(n) != IsWhite(frame, n))
                return null;
        return frame;
    }
}

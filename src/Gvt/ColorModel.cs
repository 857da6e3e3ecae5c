namespace Guestplane.Gvt;

/// <summary>The matrix between R'G'B' and Y'CbCr (ITU-T H.273, MatrixCoefficients).</summary>
public enum ColorMatrix
{
    Bt601,
    Bt709,
    Bt2020,
}

/// <summary>The range of Y'CbCr values (H.273, VideoFullRangeFlag): 16 to 235 and 16 to 240 of 8 bits, or all.</summary>
public enum ColorRange
{
    Limited,
    Full,
}

/// <summary>Where the one chroma sample of 2x2 pixels lies (H.273, Chroma420SampleLocType 0, 1 and 2).</summary>
public enum ChromaSiting
{
    /// <summary>Not said.</summary>
    Unset,

    /// <summary>At the left edge, between the rows, as in MPEG-2 and H.264.</summary>
    Left,

    /// <summary>In the middle of the four, as in JPEG and MPEG-1.</summary>
    Center,

    /// <summary>On the first of the four, as in BT.2020 and on Blu-ray.</summary>
    TopLeft,
}

/// <summary>
/// What an image's Y'CbCr values mean. "bt709-full-left" is one in words; limited range and no siting are not said.
/// </summary>
public readonly record struct ColorModel(ColorMatrix Matrix, ColorRange Range = default, ChromaSiting Siting = default)
{
    public const string Help = "bt601|bt709|bt2020[-full][-left|-center|-topleft]";

    /// <summary>The models without a siting, for completions.</summary>
    public static IEnumerable<string> Words =>
        from matrix in Enum.GetValues<ColorMatrix>()
        from range in Enum.GetValues<ColorRange>()
        select new ColorModel(matrix, range).ToString();

    private const string FullWord = "full";

    /// <summary>Standard-definition video has so many lines at most.</summary>
    private const int MaxSdLines = 576;

    private const double White = 255;

    /// <summary>For <see cref="StepsTo"/>: every 51st step of each channel, at a depth that adds no step of its own.</summary>
    private const int Sample = 51, Bits = 16;

    /// <summary>What an image of so many lines has if nobody says so: BT.601 up to 576, else BT.709; limited range.</summary>
    public static ColorModel Of(int lines) => new(lines <= MaxSdLines ? ColorMatrix.Bt601 : ColorMatrix.Bt709);

    /// <summary>Null if the text has not the form of <see cref="Help"/>.</summary>
    public static ColorModel? Parse(string text)
    {
        var words = text.Split('-').AsSpan();
        if (!Find(words[0], out ColorMatrix matrix))
            return null;
        words = words[1..];
        var range = words is [FullWord, ..] ? ColorRange.Full : ColorRange.Limited;
        if (range == ColorRange.Full)
            words = words[1..];
        return words switch
        {
            [] => new(matrix, range),
            [var word] when Find(word, out ChromaSiting siting) && siting != ChromaSiting.Unset => new(matrix, range, siting),
            _ => null,
        };
    }

    /// <summary>The Y', Cb and Cr of an 8-bit R'G'B' (0xRRGGBB), as whole numbers of that many bits.</summary>
    public (int Y, int Cb, int Cr) Encode(uint rgb, int bits)
    {
        var (red, blue) = Weights;
        var (r, g, b) = ((rgb >> 16 & 0xff) / White, (rgb >> 8 & 0xff) / White, (rgb & 0xff) / White);
        var y = red * r + (1 - red - blue) * g + blue * b;
        var (luma, zero, chroma, half) = Scale(bits);
        return (Whole(zero + luma * y), Whole(half + chroma * (b - y) / (2 * (1 - blue))),
            Whole(half + chroma * (r - y) / (2 * (1 - red))));

        // In full range, the largest chroma would be a step above the largest number (H.273's Clip1).
        int Whole(double value) => Math.Min((int)Math.Round(value), (1 << bits) - 1);
    }

    /// <summary>The R'G'B' (0xRRGGBB) of values of that many bits. What has no colour is clamped.</summary>
    public uint Decode((int Y, int Cb, int Cr) values, int bits)
    {
        var (red, blue) = Weights;
        var (luma, zero, chroma, half) = Scale(bits);
        var (y, u, v) = ((values.Y - zero) / luma, (values.Cb - half) / chroma, (values.Cr - half) / chroma);
        var (r, b) = (y + 2 * (1 - red) * v, y + 2 * (1 - blue) * u);
        return Byte(r) << 16 | Byte((y - red * r - blue * b) / (1 - red - blue)) << 8 | Byte(b);
    }

    /// <summary>By how many of 255 steps a colour is off at most if this model's values are taken for the other's.</summary>
    public int StepsTo(ColorModel other)
    {
        var most = 0;
        for (var red = 0u; red <= 0xff; red += Sample)
            for (var green = 0u; green <= 0xff; green += Sample)
                for (var blue = 0u; blue <= 0xff; blue += Sample)
                {
                    var rgb = red << 16 | green << 8 | blue;
                    most = Math.Max(most, Apart(rgb, other.Decode(Encode(rgb, Bits), Bits)));
                }
        return most;
    }

    public override string ToString() => Matrix.Spelled() + (Range == ColorRange.Full ? $"-{FullWord}" : "")
        + (Siting == ChromaSiting.Unset ? "" : $"-{Siting.Spelled()}");

    /// <summary>The shares of red and blue in Y' (H.273, table 4: KR and KB).</summary>
    private (double Red, double Blue) Weights => Matrix switch
    {
        ColorMatrix.Bt601 => (0.299, 0.114),
        ColorMatrix.Bt709 => (0.2126, 0.0722),
        _ => (0.2627, 0.0593),
    };

    /// <summary>The steps from black to white, black, the steps of a whole chroma range, and its middle (H.273, 8.3).</summary>
    private (double Luma, double Zero, double Chroma, double Half) Scale(int bits)
    {
        var unit = 1 << bits - 8;
        return Range == ColorRange.Full
            ? ((1 << bits) - 1, 0, (1 << bits) - 1, 128 * unit) : (219 * unit, 16 * unit, 224 * unit, 128 * unit);
    }

    private static int Apart(uint rgb, uint other) =>
        Math.Max(Apart(rgb, other, 16), Math.Max(Apart(rgb, other, 8), Apart(rgb, other, 0)));

    private static int Apart(uint rgb, uint other, int shift) =>
        Math.Abs((int)(rgb >> shift & 0xff) - (int)(other >> shift & 0xff));

    private static uint Byte(double value) => (uint)Math.Round(Math.Clamp(value, 0, 1) * White);

    private static bool Find<T>(string word, out T found) where T : struct, Enum
    {
        found = Array.Find(Enum.GetValues<T>(), value => value.Spelled() == word);
        return found.Spelled() == word;
    }
}

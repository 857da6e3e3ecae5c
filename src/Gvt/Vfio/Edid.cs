using System.Globalization;
using System.Text;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// The monitor that a guest sees: size in pixels, refresh rate in mHz, size in mm (0: assume 96 dpi). Written as an EDID 1.4
/// base block (VESA E-EDID A.2) with one detailed timing, computed with CVT reduced blanking v1.
/// </summary>
public sealed record Edid(int Width, int Height, int RefreshMilliHz = 60_000, int WidthMm = 0, int HeightMm = 0)
{
    public const int Length = 128;
    public const string Help = "WxH[@HZ][,WxHmm]";

    // A detailed timing has 12 bits for a length in pixels and 16 bits for the clock, in units of 10 kHz.
    private const int MinTimingPixels = 64, MaxTimingPixels = 4095;
    private const int MaxClock10kHz = 65535;

    // CVT 1.1 reduced blanking: 160 pixels of horizontal blank (48 front porch + 32 sync + 80 back porch), and at least 460 µs
    // of vertical blank.
    private const int HorizontalBlank = 160, HorizontalFront = 48, HorizontalSync = 32;
    private const int VerticalFront = 3, VerticalSync = 4, MinVerticalBack = 6;
    private const double MinVerticalBlankSeconds = 460e-6;
    private const double MillimetresPerPixel = 25.4 / 96;

    // In mHz: used if the output's rate is unknown, and if the usual rate does not fit a detailed timing at that size.
    private const int UsualRefresh = 60_000, LowRefresh = 30_000;

    /// <summary>Parses <see cref="Help"/>.</summary>
    /// <exception cref="SourceException">The text is not valid, or no EDID base block can describe the monitor.</exception>
    public static Edid Parse(string text)
    {
        try
        {
            var parts = text.Split(',', 2);
            var mode = parts[0].Split('@', 2);
            var (width, height) = Pair(mode[0]);
            var hertz = mode.Length > 1 ? double.Parse(mode[1], CultureInfo.InvariantCulture) : UsualRefresh / 1000;
            var millimetres = parts.Length > 1 && parts[1].EndsWith("mm", StringComparison.Ordinal) ? parts[1][..^2] : "";
            var (widthMm, heightMm) = parts.Length > 1 ? Pair(millimetres) : (0, 0);
            var edid = new Edid(width, height, (int)Math.Round(hertz * 1000), widthMm, heightMm);
            _ = edid.ToBytes();
            return edid;
        }
        catch (Exception e) when (e is FormatException or OverflowException
            or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw new SourceException(SourceFault.Usage,
                $"\"{text}\" is not a monitor that an EDID can describe: its form is {Help}, " +
                $"up to {MaxTimingPixels}x{MaxTimingPixels} and 655 MHz of pixel clock.");
        }
    }

    /// <summary>
    /// A monitor of a window's size, or the largest of the same aspect ratio that the vGPU takes and an EDID can describe.
    /// </summary>
    /// <param name="window">The wanted size of a head.</param>
    /// <param name="maxWidth">The vGPU's limit in pixels; 0 for none.</param>
    /// <param name="maxHeight">The vGPU's limit in pixels; 0 for none.</param>
    public static Edid Of(HeadSize window, int maxWidth, int maxHeight)
    {
        var (widest, highest) = (Limit(maxWidth), Limit(maxHeight));
        var shrink = Math.Min(1, Math.Min((double)widest / window.Width, (double)highest / window.Height));
        var (width, height) = (Side(window.Width * shrink, widest), Side(window.Height * shrink, highest));
        var edid = new Edid(width, height, window.RefreshMilliHz, window.WidthMm, window.HeightMm);
        if (edid.RefreshMilliHz is < LowRefresh or > 10 * UsualRefresh || edid.Timing.Clock10kHz > MaxClock10kHz)
            edid = edid with { RefreshMilliHz = UsualRefresh };
        return edid.Timing.Clock10kHz > MaxClock10kHz ? edid with { RefreshMilliHz = LowRefresh } : edid;

        static int Limit(int max) => max > 0 ? Math.Min(max, MaxTimingPixels) : MaxTimingPixels;
        static int Side(double pixels, int max) => Math.Clamp((int)pixels, MinTimingPixels, Math.Max(MinTimingPixels, max));
    }

    /// <exception cref="ArgumentOutOfRangeException">A detailed timing cannot hold the size or the clock.</exception>
    public byte[] ToBytes()
    {
        var edid = new byte[Length];
        byte[] header = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
        header.CopyTo(edid, 0);
        // The manufacturer: three letters of five bits, big endian.
        const int Vendor = 'G' - '@' << 10 | 'P' - '@' << 5 | 'L' - '@';
        (edid[8], edid[9]) = (Vendor >> 8, Vendor & 0xff);
        (edid[16], edid[17]) = (0, 2026 - 1990);
        (edid[18], edid[19]) = (1, 4);
        // Digital, 8 bits per colour; size in cm; gamma 2.2; RGB 4:4:4, sRGB, and the preferred timing is native.
        edid[20] = 0xa0;
        edid[21] = (byte)Math.Clamp((PhysicalWidth + 5) / 10, 1, 255);
        edid[22] = (byte)Math.Clamp((PhysicalHeight + 5) / 10, 1, 255);
        (edid[23], edid[24]) = (220 - 100, 0x06);
        byte[] srgb = [0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54];
        srgb.CopyTo(edid, 25);
        edid.AsSpan(38, 16).Fill(1);
        WriteTiming(edid.AsSpan(54, 18));
        WriteText(edid.AsSpan(72, 18), 0xfc, "guestplane");
        edid[93] = edid[111] = 0x10;
        edid[127] = unchecked((byte)-edid.Sum(b => b));
        return edid;
    }

    private int PhysicalWidth => WidthMm > 0 ? WidthMm : (int)Math.Round(Width * MillimetresPerPixel);

    private int PhysicalHeight => HeightMm > 0 ? HeightMm : (int)Math.Round(Height * MillimetresPerPixel);

    /// <summary>
    /// Lines of vertical blank, and the pixel clock; infinite if the refresh rate leaves no time for vertical blank.
    /// </summary>
    private (int VerticalBlank, double Clock10kHz) Timing
    {
        get
        {
            var frame = 1000.0 / RefreshMilliHz;
            var line = (frame - MinVerticalBlankSeconds) / Height;
            if (line <= 0)
                return (0, double.PositiveInfinity);
            var minimum = VerticalFront + VerticalSync + MinVerticalBack;
            var verticalBlank = Math.Max((int)(MinVerticalBlankSeconds / line) + 1, minimum);
            return (verticalBlank, Math.Round((double)(Width + HorizontalBlank) * (Height + verticalBlank) / frame / 10_000));
        }
    }

    private void WriteTiming(Span<byte> timing)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(Width, Height), MinTimingPixels);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Max(Width, Height), MaxTimingPixels);
        ArgumentOutOfRangeException.ThrowIfLessThan(RefreshMilliHz, 1000);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Timing.Clock10kHz, MaxClock10kHz);
        var (verticalBlank, clock10kHz) = Timing;
        var clock = (int)clock10kHz;
        var (mmX, mmY) = (Math.Min(4095, PhysicalWidth), Math.Min(4095, PhysicalHeight));
        byte[] bytes =
        [
            (byte)(clock & 0xff), (byte)(clock >> 8),
            (byte)(Width & 0xff), HorizontalBlank, (byte)(Width >> 8 << 4),
            (byte)(Height & 0xff), (byte)(verticalBlank & 0xff), (byte)(Height >> 8 << 4 | verticalBlank >> 8),
            HorizontalFront, HorizontalSync, VerticalFront << 4 | VerticalSync, 0,
            (byte)(mmX & 0xff), (byte)(mmY & 0xff), (byte)(mmX >> 8 << 4 | mmY >> 8),
            0, 0, 0x1a, // no borders; digital separate sync, +hsync, -vsync
        ];
        bytes.CopyTo(timing);
    }

    private static void WriteText(Span<byte> descriptor, byte kind, string text)
    {
        descriptor[3] = kind;
        descriptor[5..].Fill((byte)' ');
        var written = Encoding.ASCII.GetBytes(text, descriptor[5..]);
        if (5 + written < descriptor.Length)
            descriptor[5 + written] = (byte)'\n';
    }

    private static (int, int) Pair(string text)
    {
        var parts = text.Split('x', 2);
        return (Parse(parts[0]), Parse(parts[1]));

        static int Parse(string number) => int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture);
    }
}

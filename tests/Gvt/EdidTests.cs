using System.Diagnostics;
using System.Text;
using CsCheck;
using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;

namespace Guestplane.Tests.Gvt;

public sealed class EdidTests
{
    // Sizes and rates that a base block always has room for: CVT-RB of 2048x2048 at 120 Hz is 594 MHz.
    private static readonly Gen<Edid> s_monitors =
        from width in Gen.Int[64, 2048]
        from height in Gen.Int[64, 2048]
        from refresh in Gen.Int[10_000, 120_000]
        from widthMm in Gen.Frequency((1, Gen.Const(0)), (3, Gen.Int[10, 4095]))
        from heightMm in Gen.Frequency((1, Gen.Const(0)), (3, Gen.Int[10, 4095]))
        select new Edid(width, height, refresh, widthMm, heightMm);

    [Fact]
    public void Header_length_and_checksum_are_right() => s_monitors.Sample(monitor =>
    {
        var bytes = monitor.ToBytes();
        Assert.Equal(Edid.Length, bytes.Length);
        Assert.Equal([0, 255, 255, 255, 255, 255, 255, 0], bytes[..8]);
        Assert.Equal(0, bytes.Sum(b => b) & 0xff);
    });

    [Fact]
    public void A_decoder_reads_the_same_monitor() => s_monitors.Sample(monitor =>
    {
        var timing = DetailedTiming.Read(monitor.ToBytes());
        Assert.Equal((monitor.Width, monitor.Height), (timing.Width, timing.Height));
        Assert.InRange(timing.RefreshHz, monitor.RefreshMilliHz / 1000.0 - 0.5, monitor.RefreshMilliHz / 1000.0 + 0.5);
        Assert.Equal(Millimetres(monitor.WidthMm, monitor.Width), timing.WidthMm);
        Assert.Equal(Millimetres(monitor.HeightMm, monitor.Height), timing.HeightMm);
        Assert.True(timing.SyncFitsTheBlanking, $"{timing}");
        // CVT 1.1: a monitor needs 460 µs to go back to the top.
        Assert.True(timing.VerticalBlankSeconds >= 455e-6, $"{timing}");
    });

    [Fact]
    public void Any_window_size_gives_a_valid_EDID_within_the_vGPUs_limits() =>
        Gen.Select(Gen.Int[1, 16384], Gen.Int[1, 16384], Gen.OneOf(Gen.Const(0), Gen.Int[1, 600_000]), Gen.OneOf(Gen.Const(0), Gen.Int[640, 5000]))
            .Sample((width, height, refresh, max) =>
            {
                var edid = Edid.Of(new HeadSize(width, height, 0, 0, refresh), max, max);
                var timing = DetailedTiming.Read(edid.ToBytes());
                Assert.True(max == 0 || (timing.Width <= max && timing.Height <= max), $"{edid}");
                if (width is >= 64 and <= 2048 && height is >= 64 and <= 2048 && (max == 0 || max > 2048))
                    Assert.Equal((width, height), (timing.Width, timing.Height));
                if (width <= 2048 && height <= 2048 && refresh is >= 30_000 and <= 120_000)
                    Assert.Equal(refresh, edid.RefreshMilliHz);
            });

    [Fact]
    public void Centimetres_agree_with_millimetres() => s_monitors.Sample(monitor =>
    {
        var bytes = monitor.ToBytes();
        var timing = DetailedTiming.Read(bytes);
        Assert.InRange(bytes[21] * 10, Math.Min(2550, timing.WidthMm - 5), timing.WidthMm + 5);
        Assert.InRange(bytes[22] * 10, Math.Min(2550, timing.HeightMm - 5), timing.HeightMm + 5);
    });

    [Theory]
    [InlineData("1920x1080", 1920, 1080, 60_000, 0, 0)]
    [InlineData("1920x1080@59.94", 1920, 1080, 59_940, 0, 0)]
    [InlineData("2560x1440@144,597x336mm", 2560, 1440, 144_000, 597, 336)]
    [InlineData("640x480,300x200mm", 640, 480, 60_000, 300, 200)]
    public void The_option_text_is_parsed(string text, int width, int height, int refresh, int widthMm, int heightMm) =>
        Assert.Equal(new Edid(width, height, refresh, widthMm, heightMm), Edid.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("1920")]
    [InlineData("x")]
    [InlineData("1920x")]
    [InlineData("widexhigh")]
    [InlineData("1920x1080@")]
    [InlineData("1920x1080@fast")]
    [InlineData("1920x1080@NaN")]
    [InlineData("1920x1080@Infinity")]
    [InlineData("1920x1080@1e99")]
    [InlineData("1920x1080@-60")]
    [InlineData("1920x1080@0")]
    [InlineData("1920x1080@2500")]
    [InlineData("1920x1080,big")]
    [InlineData("63x480")]
    [InlineData("640x63")]
    [InlineData("-640x-480")]
    [InlineData("4096x1080")]
    [InlineData("1920x4096")]
    [InlineData("4095x4095@60")]
    [InlineData("99999999999x1080")]
    public void A_monitor_that_no_base_block_can_describe_is_a_usage_error(string text)
    {
        var refused = Assert.Throws<SourceException>(() => Edid.Parse(text));
        Assert.Equal(SourceFault.Usage, refused.Fault);
        Assert.Contains($"\"{text}\"", refused.Message);
        Assert.Contains(Edid.Help, refused.Message);
    }

    [Fact]
    public void Any_text_is_a_monitor_or_a_usage_error() =>
        Gen.Char["0123456789x@,.m-+e "].Array[0, 14].Select(letters => new string(letters)).Sample(text =>
    {
        try
        {
            var read = Edid.Parse(text);
            Assert.Equal((read.Width, read.Height), (DetailedTiming.Read(read.ToBytes()).Width, DetailedTiming.Read(read.ToBytes()).Height));
        }
        catch (SourceException e)
        {
            Assert.Equal(SourceFault.Usage, e.Fault);
        }
    });

    [Theory]
    [InlineData("640x480")]
    [InlineData("1024x768@75,270x203mm")]
    [InlineData("1920x1080@60,530x300mm")]
    [InlineData("2560x1440@59.95")]
    [InlineData("3840x2160@60,700x390mm")]
    public async Task Edid_decode_accepts_it(string monitor)
    {
        var decoder = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, "edid-decode")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(decoder is not null, "edid-decode is not installed");
        var cancel = TestContext.Current.CancellationToken;
        using var process = Process.Start(new ProcessStartInfo(decoder, "--check") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await process.StandardInput.BaseStream.WriteAsync(Edid.Parse(monitor).ToBytes(), cancel);
        process.StandardInput.Close();
        var said = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        Assert.True(process.ExitCode == 0, said);
    }

    [Fact]
    public void The_monitor_has_a_name() =>
        Assert.Contains("guestplane\n", Encoding.ASCII.GetString(new Edid(1024, 768).ToBytes(), 72, 18));

    private static int Millimetres(int given, int pixels) => given > 0 ? given : (int)Math.Round(pixels * 25.4 / 96);
}


/// <summary>The first detailed timing of an EDID base block, read by VESA E-EDID A.2, table 3.21.</summary>
internal sealed record DetailedTiming(
    double ClockHz, int Width, int HorizontalBlank, int Height, int VerticalBlank,
    int HorizontalFront, int HorizontalSync, int VerticalFront, int VerticalSync, int WidthMm, int HeightMm)
{
    public double RefreshHz => ClockHz / (Width + HorizontalBlank) / (Height + VerticalBlank);

    public double VerticalBlankSeconds => VerticalBlank * (Width + HorizontalBlank) / ClockHz;

    public bool SyncFitsTheBlanking =>
        HorizontalFront + HorizontalSync < HorizontalBlank && VerticalFront + VerticalSync < VerticalBlank;

    public static DetailedTiming Read(byte[] edid)
    {
        var b = edid.AsSpan(54, 18);
        return new(
            (b[0] | b[1] << 8) * 10_000.0,
            b[2] | b[4] >> 4 << 8, b[3] | (b[4] & 15) << 8,
            b[5] | b[7] >> 4 << 8, b[6] | (b[7] & 15) << 8,
            b[8] | b[11] >> 6 << 8, b[9] | (b[11] >> 4 & 3) << 8,
            b[10] >> 4 | (b[11] >> 2 & 3) << 4, b[10] & 15 | (b[11] & 3) << 4,
            b[12] | b[14] >> 4 << 8, b[13] | (b[14] & 15) << 8);
    }
}

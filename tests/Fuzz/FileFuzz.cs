using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;
using Guestplane.Gvt.Vfio;
using Guestplane.Wayland;

namespace Guestplane.Tests.Fuzz;

/// <summary>Files and words that the user or the compositor gives: they are taken, or refused with a sentence.</summary>
public sealed class FileFuzz
{
    private static readonly string[] s_words =
    [
        "640x480@60,300x200mm", "1920x1080", "size=640x480,format=XR24,rate=60,buffers=3,cursor,memory=memfd,fence=5/3,heads=2,still",
        "zero-copy=95%,transport=dmabuf,c2p-p99=20ms,missed=1%,presented=10", "de(nodeadkeys)", "qemu:user=a,qmp=/x", "0=HDMI-A-1,a=b=c",
    ];

    private static readonly byte[] s_png = MakePng(16, 16), s_keymap = Guestplane.Tests.Fakes.HostKeymap.OfLayout("us");

    [Fact]
    public void A_splash_image_is_read_or_refused()
    {
        var path = Path.GetTempFileName();
        FuzzRun.Repeat("PNG", random =>
        {
            for (var i = 0; i < 20; i++)
            {
                File.WriteAllBytes(path, random.Mutated(s_png));
                try
                {
                    var (width, height, pixels) = Guestplane.Linux.Png.Read(path, random.Edge(), PlaneLayout.MaxSide);
                    Assert.Equal(width * height * 4, pixels.Length);
                }
                catch (Exception e) when (e is InvalidDataException)
                {
                    Assert.DoesNotContain('\n', e.Message);
                }
                catch (DllNotFoundException)
                {
                    Assert.Skip("libpng is not installed");
                }
            }
        });
        File.Delete(path);
    }

    [Fact]
    public void Words_are_understood_or_refused() => FuzzRun.Repeat("words", random =>
    {
        for (var i = 0; i < 200; i++)
        {
            var words = Encoding.Latin1.GetString(random.Mutated(Encoding.Latin1.GetBytes(random.Of(s_words))));
            foreach (var read in (Action[])[() => Assert.Equal(Edid.Length, Edid.Parse(words).ToBytes().Length), () => PatternOptions.Parse(words),
                () => Requirements.Parse(words), () => Guestplane.Gvt.Qemu.QemuSource.Parse("qemu:" + words, null)])
                try
                {
                    read();
                }
                catch (Exception e) when (e is SourceException or ExitException)
                {
                    Assert.NotEmpty(e.Message);
                }
        }
    });

    /// <summary>libxkbcommon aborts the process for some texts, which is no exception: the seed is in the diagnostic messages.</summary>
    [Fact]
    public void A_keymap_is_compiled_or_refused()
    {
        Assert.SkipUnless(XkbKeymap.IsInstalled, "libxkbcommon is not installed");
        FuzzRun.Repeat("keymaps", random =>
        {
            using var keymap = XkbKeymap.Parse(random.Mutated(s_keymap));
            for (var i = 0; keymap is not null && i < 50; i++)
                keymap.SymbolOf(random.Edge(), random.Edge(), random.Edge(), random.Edge(), out _);
        });
    }

    private static byte[] MakePng(int width, int height)
    {
        using var rows = new MemoryStream();
        using (var packed = new ZLibStream(rows, CompressionLevel.Fastest, leaveOpen: true))
            packed.Write(new byte[(width * 4 + 1) * height]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        // 8 bits, RGBA.
        (header[8], header[9]) = (8, 6);
        return [0x89, .. "PNG\r\n\x1a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, rows.ToArray()), .. Chunk("IEND"u8, [])];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> name, byte[] content)
    {
        byte[] body = [.. name, .. content], size = new byte[4], sum = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, content.Length);
        BinaryPrimitives.WriteUInt32BigEndian(sum, Sum(body));
        return [.. size, .. body, .. sum];
    }

    /// <summary>CRC-32 of ISO 3309, as PNG has it.</summary>
    private static uint Sum(byte[] bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum ^= value;
            for (var bit = 0; bit < 8; bit++)
                sum = (sum >> 1) ^ ((sum & 1) * 0xedb88320);
        }
        return ~sum;
    }
}

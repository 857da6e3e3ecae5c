using System.Buffers.Binary;
using System.IO.Compression;

namespace Guestplane.Tests;

/// <summary>A screenshot: as much of PNG as the hosts' tools write (8 bits, RGB or RGBA, not interlaced).</summary>
internal sealed class Png
{
    private const int SignatureSize = 8, ChunkHeaderSize = 8, ChecksumSize = 4;
    private const byte Rgb8 = 2, Rgba8 = 6;

    private readonly byte[] _pixels;
    private readonly int _pixelSize;

    private Png(int width, int height, int pixelSize, Stream compressed)
    {
        (Width, Height, _pixelSize) = (width, height, pixelSize);
        _pixels = new byte[width * pixelSize * height];
        using var rows = new ZLibStream(compressed, CompressionMode.Decompress);
        ReadRows(rows, width * pixelSize);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>0xRRGGBB.</summary>
    public uint this[int x, int y]
    {
        get
        {
            var pixel = _pixels.AsSpan((y * Width + x) * _pixelSize, _pixelSize);
            return (uint)(pixel[0] << 16 | pixel[1] << 8 | pixel[2]);
        }
    }

    /// <summary>For <see cref="Guestplane.Gvt.Pattern.BarCode"/>.</summary>
    public bool IsWhite(int x, int y) => x < Width && y < Height && this[x, y] == 0xffffff;

    public static Png Read(string path)
    {
        var file = File.ReadAllBytes(path);
        var header = ReadOnlySpan<byte>.Empty;
        var compressed = new MemoryStream();
        for (var at = SignatureSize; at < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            var data = file.AsSpan(at + ChunkHeaderSize, length);
            var type = file.AsSpan(at + 4, 4);
            if (type.SequenceEqual("IHDR"u8))
                header = data;
            else if (type.SequenceEqual("IDAT"u8))
                compressed.Write(data);
            at += ChunkHeaderSize + length + ChecksumSize;
        }
        compressed.Position = 0;
        var (depth, colour, interlace) = (header[8], header[9], header[12]);
        if (depth != 8 || colour is not (Rgb8 or Rgba8) || interlace != 0)
            throw new InvalidDataException($"{path}: {depth} bits, colour type {colour}, interlace {interlace}: not a kind of PNG that this reads");
        return new(BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header[4..]), colour == Rgb8 ? 3 : 4, compressed);
    }

    /// <summary>The file of a black image with one bit for each pixel.</summary>
    public static byte[] Black(int width, int height)
    {
        var file = new MemoryStream();
        file.Write([0x89, .. "PNG\r\n\x1a\n"u8]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 1;
        var compressed = new MemoryStream();
        using (var rows = new ZLibStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
            rows.Write(new byte[(1 + (width + 7) / 8) * height]);
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "IDAT"u8, compressed.ToArray());
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> type, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] checkedPart = [.. type, .. data];
        file.Write(checkedPart);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(checkedPart));
        file.Write(number);
    }

    /// <summary>PNG, annex D.</summary>
    private static uint Crc(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var one in data)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xedb88320 ^ crc >> 1 : crc >> 1;
        }
        return ~crc;
    }

    private void ReadRows(ZLibStream rows, int rowSize)
    {
        ReadOnlySpan<byte> above = new byte[rowSize];
        for (var y = 0; y < Height; y++)
        {
            var filter = rows.ReadByte();
            var row = _pixels.AsSpan(y * rowSize, rowSize);
            rows.ReadExactly(row);
            Unfilter(filter, row, above);
            above = row;
        }
    }

    /// <summary>PNG, 9.2: each byte is told as the difference to what its left, upper and upper left neighbours predict.</summary>
    private void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> above)
    {
        for (var i = 0; i < row.Length; i++)
        {
            var (left, corner) = i < _pixelSize ? (0, 0) : (row[i - _pixelSize], above[i - _pixelSize]);
            row[i] += (byte)(filter switch
            {
                0 => 0,
                1 => left,
                2 => above[i],
                3 => (left + above[i]) / 2,
                4 => Paeth(left, above[i], corner),
                _ => throw new InvalidDataException($"PNG filter {filter}"),
            });
        }
    }

    private static int Paeth(int left, int above, int corner)
    {
        var estimate = left + above - corner;
        var (toLeft, toAbove, toCorner) = (Math.Abs(estimate - left), Math.Abs(estimate - above), Math.Abs(estimate - corner));
        if (toLeft <= toAbove && toLeft <= toCorner)
            return left;
        return toAbove <= toCorner ? above : corner;
    }
}

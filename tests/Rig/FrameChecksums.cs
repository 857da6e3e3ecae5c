using System.Numerics;
using Guestplane.Gvt.Pattern;

namespace Guestplane.Tests.Rig;

/// <summary>
/// The checksums by which the kernel tells what vkms displayed in each frame (vkms_composer.c: crc32_le with 0 to begin with,
/// over the rows of four 16-bit components), for the images of testgpu's primary plane (tests/rig/testgpu/surface.c).
/// </summary>
internal sealed class FrameChecksums
{
    private const uint Polynomial = 0xedb88320;
    private const int Square = 64, PixelBytes = 8;

    private static readonly uint[] s_colours = [0xff0000, 0x00ff00, 0x0000ff, 0x00ffff];
    private static readonly uint[] s_table = [.. Enumerable.Range(0, 256).Select(n => Bits((uint)n))];

    private readonly int _width, _height;

    // What a row of zeros makes of each bit of the checksum before it. A checksum is linear: a row's own is added to that.
    private readonly uint[] _rowOf;

    private readonly Dictionary<(uint Colour, int Squares, int Frame), uint> _rows = [];

    public FrameChecksums(int width, int height)
    {
        (_width, _height) = (width, height);
        _rowOf = [.. Enumerable.Range(0, 32).Select(bit => Checksum(1u << bit, new byte[width * PixelBytes]))];
    }

    /// <summary>Those of an image of any buffer with these numbers at its upper and its lower edge.</summary>
    public IEnumerable<uint> Of(int top, int bottom) => s_colours.Select(colour => Of(colour, top, bottom));

    private uint Of(uint colour, int top, int bottom)
    {
        var checksum = 0u;
        for (var y = 0; y < _height; y++)
        {
            var number = y - BarCode.Y is >= 0 and < BarCode.CellHeight ? top
                : _height - BarCode.Y - 1 - y is >= 0 and < BarCode.CellHeight ? bottom : -1;
            checksum = AfterRow(checksum) ^ Row(colour, y / Square & 1, number);
        }
        return checksum;
    }

    private uint AfterRow(uint checksum)
    {
        var after = 0u;
        for (; checksum != 0; checksum &= checksum - 1)
            after ^= _rowOf[BitOperations.TrailingZeroCount(checksum)];
        return after;
    }

    /// <param name="colour">Of the light squares.</param>
    /// <param name="squares">1 if the row begins with a dark one.</param>
    /// <param name="frame">The number on it; -1 for none.</param>
    private uint Row(uint colour, int squares, int frame)
    {
        if (_rows.TryGetValue((colour, squares, frame), out var known))
            return known;
        var bytes = new byte[_width * PixelBytes];
        for (var x = 0; x < _width; x++)
        {
            var cell = x < BarCode.X ? BarCode.Cells : (x - BarCode.X) / BarCode.CellWidth;
            var pixel = frame >= 0 && cell < BarCode.Cells ? BarCode.IsWhite((uint)frame, cell) ? 0xffffffu : 0
                : (x / Square & 1) == squares ? colour : 0;
            // Alpha and the components are all or nothing.
            for (var i = 0; i < PixelBytes; i++)
                bytes[x * PixelBytes + i] = i < 2 ? (byte)0xff : (byte)(pixel >> 16 - 8 * (i / 2 - 1));
        }
        return _rows[(colour, squares, frame)] = Checksum(0, bytes);
    }

    private static uint Checksum(uint checksum, byte[] bytes)
    {
        foreach (var one in bytes)
            checksum = s_table[(byte)(checksum ^ one)] ^ checksum >> 8;
        return checksum;
    }

    private static uint Bits(uint value)
    {
        for (var i = 0; i < 8; i++)
            value = (value & 1) != 0 ? value >> 1 ^ Polynomial : value >> 1;
        return value;
    }
}

using System.Text;

namespace Guestplane.Tests.Fakes;

/// <summary>A DRM format with a modifier.</summary>
public readonly record struct HostFormat(uint Fourcc, ulong Modifier = 0)
{
    public const ulong Linear = 0;

    public HostFormat(string fourcc, ulong modifier = Linear)
        : this(Code(fourcc), modifier)
    {
    }

    public string Name => Text(Fourcc);

    public static uint Code(string fourcc) => BitConverter.ToUInt32(Encoding.ASCII.GetBytes(fourcc));

    public static string Text(uint fourcc) => Encoding.ASCII.GetString(BitConverter.GetBytes(fourcc));

    public override string ToString() => $"{Name}:0x{Modifier:x}";
}

/// <summary>A plane of a format: bytes per pixel column of the buffer, and its vertical subsampling.</summary>
internal readonly record struct FormatLayout(double BytesPerPixel, int RowDivisor)
{
    private const uint ShmArgb8888 = 0;
    private const uint ShmXrgb8888 = 1;

    private static readonly Dictionary<uint, FormatLayout[]> Known = new()
    {
        [HostFormat.Code("NV12")] = [new(1, 1), new(1, 2)],
        [HostFormat.Code("P010")] = [new(2, 1), new(2, 2)],
        [HostFormat.Code("YUYV")] = [new(2, 1)],
        [HostFormat.Code("RG16")] = [new(2, 1)],
        [HostFormat.Code("RG24")] = [new(3, 1)],
        [HostFormat.Code("BG24")] = [new(3, 1)],
        [HostFormat.Code("XR24")] = [new(4, 1)],
        [HostFormat.Code("AR24")] = [new(4, 1)],
        [HostFormat.Code("XB24")] = [new(4, 1)],
        [HostFormat.Code("AB24")] = [new(4, 1)],
        [HostFormat.Code("XR30")] = [new(4, 1)],
        [HostFormat.Code("AR30")] = [new(4, 1)],
        [HostFormat.Code("XB30")] = [new(4, 1)],
        [HostFormat.Code("AB30")] = [new(4, 1)],
        [HostFormat.Code("XB4H")] = [new(8, 1)],
        [HostFormat.Code("AB4H")] = [new(8, 1)],
    };

    /// <summary>Null for a format that the fake does not know: then only the given sizes are checked.</summary>
    public static FormatLayout[]? Of(uint fourcc) => Known.GetValueOrDefault(fourcc);

    /// <summary>wl_shm has its own codes for the two formats that every compositor supports.</summary>
    public static uint FromShm(uint format) => format switch
    {
        ShmArgb8888 => HostFormat.Code("AR24"),
        ShmXrgb8888 => HostFormat.Code("XR24"),
        _ => format,
    };

    public long MinStride(int width) => (long)Math.Ceiling(width * BytesPerPixel);

    public long Rows(int height) => (height + RowDivisor - 1) / RowDivisor;
}

namespace Guestplane.Gvt;

/// <summary>
/// The properties of a pixel format that are needed to check a plane's layout and to pass it to a compositor: the bytes per
/// pixel of each memory plane, the subsampling of the second and later planes, and the same format without alpha.
/// </summary>
public sealed record PixelFormat(
    Fourcc Code, int[] BytesPerPixel, int HorizontalSubsampling = 1, int VerticalSubsampling = 1, Fourcc? Opaque = null)
{
    private static readonly Dictionary<Fourcc, PixelFormat> s_known = All().ToDictionary(format => format.Code);

    public int PlaneCount => BytesPerPixel.Length;

    /// <summary>True for Y'CbCr, false for R'G'B'.</summary>
    public bool IsYuv { get; init; }

    /// <summary>True if four pixels share a chroma sample.</summary>
    public bool Is420 => (HorizontalSubsampling, VerticalSubsampling) == (2, 2);

    /// <summary>Null for an unknown code: its layout could not be checked.</summary>
    public static PixelFormat? Find(Fourcc code) => s_known.GetValueOrDefault(code);

    /// <summary>The bytes of a row of <paramref name="width"/> pixels in a memory plane.</summary>
    public long RowBytes(int plane, int width) =>
        (long)BytesPerPixel[plane] * (plane == 0 ? width : DivideUp(width, HorizontalSubsampling));

    /// <summary>The number of rows of a memory plane.</summary>
    public int Rows(int plane, int height) => plane == 0 ? height : DivideUp(height, VerticalSubsampling);

    private static int DivideUp(int value, int by) => (value + by - 1) / by;

    /// <summary>
    /// The formats of GVT-g, mbochs, mdpy and QEMU (i915/gvt/fb_decoder.c, QEMU ui/qemu-pixman.c), and the test pattern's.
    /// </summary>
    private static IEnumerable<PixelFormat> All()
    {
        (string Alpha, string Opaque)[] fourBytes =
            [("AR24", "XR24"), ("AB24", "XB24"), ("RA24", "RX24"), ("BA24", "BX24"), ("AR30", "XR30"), ("AB30", "XB30")];
        foreach (var (alpha, opaque) in fourBytes)
        {
            yield return new(Fourcc.Of(alpha), [4], Opaque: Fourcc.Of(opaque));
            yield return new(Fourcc.Of(opaque), [4]);
        }
        yield return new(Fourcc.Of("AB4H"), [8], Opaque: Fourcc.Of("XB4H"));
        yield return new(Fourcc.Of("XB4H"), [8]);
        foreach (var name in new[] { "RG16", "BG16", "XR15" })
            yield return new(Fourcc.Of(name), [2]);
        foreach (var name in new[] { "YUYV", "UYVY", "YVYU", "VYUY" })
            yield return new(Fourcc.Of(name), [2]) { IsYuv = true };
        foreach (var name in new[] { "RG24", "BG24" })
            yield return new(Fourcc.Of(name), [3]);
        yield return new(Fourcc.Nv12, [1, 2], 2, 2) { IsYuv = true };
        yield return new(Fourcc.P010, [2, 4], 2, 2) { IsYuv = true };
        yield return new(Fourcc.Of("YU12"), [1, 1, 1], 2, 2) { IsYuv = true };
    }
}

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Guestplane.Gvt;

/// <summary>
/// A digest of an image's bytes, to see whether anything was drawn: 16 polynomials modulo 2^32, each of every 16th pixel, side by
/// side. It differs if a single pixel does. No protection against images that are made to collide.
/// </summary>
internal readonly record struct ImageDigest(Vector128<uint> A, Vector128<uint> B, Vector128<uint> C, Vector128<uint> D)
{
    /// <summary>Odd, so that multiplication loses nothing; the FNV-1a prime.</summary>
    private const uint Factor = 16777619;

    public static ImageDigest Of(ReadOnlySpan<byte> bytes)
    {
        var pixels = MemoryMarshal.Cast<byte, Vector128<uint>>(bytes);
        var (a, b, c, d) = (Vector128<uint>.Zero, Vector128<uint>.Zero, Vector128<uint>.Zero, Vector128<uint>.Zero);
        var i = 0;
        for (; i + 4 <= pixels.Length; i += 4)
        {
            a = (a + pixels[i]) * Factor;
            b = (b + pixels[i + 1]) * Factor;
            c = (c + pixels[i + 2]) * Factor;
            d = (d + pixels[i + 3]) * Factor;
        }
        foreach (var rest in bytes[(i * Vector128<byte>.Count)..])
            a = (a + Vector128.Create((uint)rest)) * Factor;
        return new(a, b, c, d);
    }
}

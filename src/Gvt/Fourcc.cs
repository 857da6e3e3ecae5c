namespace Guestplane.Gvt;

/// <summary>A DRM pixel format code (include/uapi/drm/drm_fourcc.h), printed as "XR24".</summary>
public readonly record struct Fourcc(uint Code)
{
    public static readonly Fourcc Argb8888 = Of("AR24"), Xrgb8888 = Of("XR24"), Abgr8888 = Of("AB24"), Xbgr8888 = Of("XB24");
    public static readonly Fourcc Rgb565 = Of("RG16"), Xrgb2101010 = Of("XR30");
    public static readonly Fourcc Nv12 = Of("NV12"), P010 = Of("P010"), Yuyv = Of("YUYV");

    /// <summary>The code with these four letters, least significant byte first.</summary>
    public static Fourcc Of(string name) => new((uint)(name[0] | name[1] << 8 | name[2] << 16 | name[3] << 24));

    /// <summary>The four letters, or the number if they are not printable.</summary>
    public override string ToString()
    {
        Span<char> letters = [(char)(Code & 0xff), (char)(Code >> 8 & 0xff), (char)(Code >> 16 & 0xff), (char)(Code >> 24)];
        foreach (var letter in letters)
            if (letter is < ' ' or > '~')
                return $"0x{Code:x8}";
        return letters.ToString().TrimEnd();
    }
}

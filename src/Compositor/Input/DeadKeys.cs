namespace Guestplane.Compositor;

/// <summary>
/// The letters that a dead key and a second key type together, by the compose tables of X11 and by the layouts of Windows. The
/// keysyms are those of keysymdef.h.
/// </summary>
internal static class DeadKeys
{
    /// <summary>
    /// A dead key's accent alone; after it, what is typed by a second key, each followed by the letter of both. ´ and ¨ with a
    /// space are others on X11 than on Windows.
    /// </summary>
    private static readonly (uint Keysym, string Accent, string Pairs)[] s_keys =
    [
        (0xfe50, "`", " `aàeèiìoòuùAÀEÈIÌOÒUÙ"),
        (0xfe51, "´", "aáeéiíoóuúyýcćlĺnńrŕsśzźAÁEÉIÍOÓUÚYÝCĆLĹNŃRŔSŚZŹ"),
        (0xfe52, "^", " ^aâeêiîoôuûcĉgĝhĥjĵsŝwŵyŷAÂEÊIÎOÔUÛCĈGĜHĤJĴSŜWŴYŶ"),
        (0xfe53, "~", " ~aãnñoõiĩuũAÃNÑOÕIĨUŨ"),
        (0xfe54, "¯", " ¯aāeēiīoōuūAĀEĒIĪOŌUŪ"),
        (0xfe55, "˘", " ˘aăgğuŭAĂGĞUŬ"),
        (0xfe56, "˙", " ˙cċeėgġzżIİCĊEĖGĠZŻ"),
        (0xfe57, "¨", "aäeëiïoöuüyÿAÄEËIÏOÖUÜYŸ"),
        (0xfe58, "°", " °aåuůAÅUŮ"),
        (0xfe59, "˝", " ˝oőuűOŐUŰ"),
        (0xfe5a, "ˇ", " ˇcčdďeěnňrřsštťzžCČDĎEĚNŇRŘSŠTŤZŽ"),
        (0xfe5b, "¸", " ¸cçsştţCÇSŞTŢ"),
        (0xfe5c, "˛", " ˛aąeęiįuųAĄEĘIĮUŲ"),
    ];

    /// <summary>The accent of a dead key; 0 for other keys.</summary>
    public static uint AccentOf(uint keysym) =>
        Array.Find(s_keys, key => key.Keysym == keysym).Accent is [var accent] ? accent : 0u;

    /// <summary>The dead keys that a letter can be typed by, and the character of the second key.</summary>
    public static IEnumerable<(uint Keysym, uint Second)> For(uint character)
    {
        foreach (var (keysym, _, pairs) in s_keys)
            for (var i = 0; i < pairs.Length; i += 2)
                if (pairs[i + 1] == character)
                    yield return (keysym, pairs[i]);
    }
}

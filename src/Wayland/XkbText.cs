namespace Guestplane.Wayland;

/// <summary>A check of a keymap's text before libxkbcommon compiles it.</summary>
internal static class XkbText
{
    /// <summary>Real keymaps have codes up to 708, and 8 levels.</summary>
    private const uint MaxNumber = 0xffff;

    /// <summary>
    /// True if a code, a level or another number is so large that libxkbcommon would fill the memory, or abort: 1.5 does, in
    /// darray.h. Larger are only hexadecimal ones: keysyms, the items of a list "[ 0x01000105, 0x1008ff13 ]" and of newer
    /// releases' "interpret 0x1008fe01", and masks: "virtual_modifiers LevelThree=0x80000000", "groups= 0xfffffffe".
    /// </summary>
    public static bool HasHugeNumber(ReadOnlySpan<byte> text)
    {
        var (before, isList, isMask) = ((byte)0, false, false);
        ReadOnlySpan<byte> name = default;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] <= ' ')
                continue;
            var length = 1;
            while (IsOfWord(text[i]) && i + length < text.Length && IsOfWord(text[i + length]))
                length++;
            // An index, such as level_name[1], is no list.
            if (text[i] == '[')
                isList = !IsOfWord(before);
            var isKeysym = (isList && before is (byte)'[' or (byte)',' or (byte)'{') || name.SequenceEqual("interpret"u8);
            if (IsHuge(text.Slice(i, length), mayBeHex: isKeysym || (isMask && before == '=')))
                return true;
            // A key's code is assigned to "<AE01>", and the largest code to "maximum".
            if (text[i] == '=')
                isMask = IsOfWord(before) && !name.SequenceEqual("maximum"u8) && !name.SequenceEqual("minimum"u8);
            name = text.Slice(i, length);
            i += length - 1;
            before = text[i];
        }
        return false;
    }

    /// <summary>
    /// True if a brace is followed by a comma, as in "key &lt;AE01&gt; { , [ 1 ] }": libxkbcommon 1.5 ends the process for a key
    /// whose first part is empty (parser.y, SymbolsBody). No compositor writes that.
    /// </summary>
    public static bool HasEmptyPart(ReadOnlySpan<byte> text)
    {
        var before = (byte)0;
        for (var i = 0; i < text.Length; i++)
        {
            var rest = text[i..];
            if (rest[0] <= ' ')
                continue;
            if (rest[0] == '#' || rest.StartsWith("//"u8))
            {
                i += Before((byte)'\n', rest);
                continue;
            }
            if (rest[0] == ',' && before == '{')
                return true;
            before = rest[0];
            // What a string or a key's name has in it is no punctuation. As in scanner.c, nothing escapes a quote.
            if (rest[0] is (byte)'"' or (byte)'<')
                i += 1 + Before(rest[0] == '"' ? (byte)'"' : (byte)'>', rest[1..]);
        }
        return false;
    }

    /// <summary>The number of bytes before the first such one, or of all.</summary>
    private static int Before(byte end, ReadOnlySpan<byte> text) => text.IndexOf(end) is >= 0 and var at ? at : text.Length;

    private static bool IsOfWord(byte letter) => char.IsAsciiLetterOrDigit((char)letter) || letter == '_';

    /// <summary>Whether the word begins with a number that is too large.</summary>
    private static bool IsHuge(ReadOnlySpan<byte> word, bool mayBeHex)
    {
        var isHex = word.StartsWith("0x"u8);
        if (isHex && mayBeHex)
            return false;
        var number = 0u;
        foreach (var letter in isHex ? word[2..] : word)
        {
            if (!(isHex ? char.IsAsciiHexDigit((char)letter) : char.IsAsciiDigit((char)letter)))
                return false;
            // The last four bits of a letter are its value less 9.
            number = (number * (isHex ? 16u : 10u)) + (letter & 0xfu) + (letter > '9' ? 9u : 0);
            if (number > MaxNumber)
                return true;
        }
        return false;
    }
}

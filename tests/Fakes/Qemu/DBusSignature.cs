namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>D-Bus type strings. A malformed one is a <see cref="FormatException"/>.</summary>
internal static class DBusSignature
{
    /// <summary>The single complete types of a signature.</summary>
    public static IReadOnlyList<string> Split(string signature)
    {
        var types = new List<string>();
        for (var at = 0; at < signature.Length;)
        {
            var end = End(signature, at);
            types.Add(signature[at..end]);
            at = end;
        }
        return types;
    }

    public static int Alignment(char type) => type switch
    {
        'y' or 'g' or 'v' => 1,
        'n' or 'q' => 2,
        'b' or 'i' or 'u' or 's' or 'o' or 'a' or 'h' => 4,
        'x' or 't' or 'd' or '(' or '{' => 8,
        _ => throw new FormatException($"no D-Bus type '{type}'"),
    };

    private static int End(string signature, int at)
    {
        if (at >= signature.Length)
            throw new FormatException($"signature '{signature}' ends early");
        switch (signature[at])
        {
            case 'a':
                return End(signature, at + 1);
            case '(':
            case '{':
                var close = signature[at] == '(' ? ')' : '}';
                for (at++; at < signature.Length && signature[at] != close;)
                    at = End(signature, at);
                return at < signature.Length ? at + 1 : throw new FormatException($"signature '{signature}' ends early");
            default:
                _ = Alignment(signature[at]);
                return at + 1;
        }
    }
}

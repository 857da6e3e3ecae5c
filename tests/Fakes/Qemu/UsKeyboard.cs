namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>What a guest with a US keyboard reads from its keys. Keys that are not of the main block count as nothing.</summary>
public static class UsKeyboard
{
    private const uint LeftShift = 0x2a, RightShift = 0x36;

    private static readonly (uint First, string Plain, string Shifted)[] s_rows =
    [
        (0x02, "1234567890-=", "!@#$%^&*()_+"), (0x10, "qwertyuiop[]", "QWERTYUIOP{}"), (0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
        (0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"), (0x39, " ", " "),
    ];

    public static string Read(IEnumerable<QemuInput> input)
    {
        var text = "";
        var shifts = new HashSet<uint>();
        foreach (var key in input.OfType<QemuKey>())
        {
            if (key.Qnum is LeftShift or RightShift)
                _ = key.IsPressed ? shifts.Add(key.Qnum) : shifts.Remove(key.Qnum);
            else if (key.IsPressed)
                text += Symbol(key.Qnum, shifts.Count > 0);
        }
        return text;
    }

    private static string Symbol(uint qnum, bool isShifted)
    {
        foreach (var (first, plain, shifted) in s_rows)
            if (qnum >= first && qnum < first + plain.Length)
                return (isShifted ? shifted : plain)[(int)(qnum - first)].ToString();
        return "";
    }
}

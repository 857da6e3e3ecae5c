using System.Globalization;
using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The steps of a client's authentication.</summary>
internal enum SaslStep
{
    Auth,
    Negotiate,
    Begin,
}

/// <summary>
/// GDBus's server side of the authentication: a nul, EXTERNAL with the uid at once or as DATA (as libsystemd does), unix
/// descriptors, BEGIN. All lines may arrive at once.
/// </summary>
internal sealed class SaslServer(Func<SaslStep, bool?> ask, Action<string> send)
{
    private readonly string _guid = Guid.NewGuid().ToString("N");
    private bool _hasNul;
    private bool _wantsData;
    private bool _isSilent;

    public bool IsAuthenticated { get; private set; }

    /// <summary>BEGIN was received: messages follow.</summary>
    public bool IsDone { get; private set; }

    public bool HasFds { get; private set; }

    /// <summary>Consumes complete lines and returns the number of bytes consumed.</summary>
    /// <exception cref="FormatException">The client does not speak the protocol.</exception>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        var taken = 0;
        if (!_hasNul && !bytes.IsEmpty)
        {
            if (bytes[0] != 0)
                throw new FormatException("the first byte of a connection is not nul");
            _hasNul = true;
            taken = 1;
        }
        while (!IsDone && !_isSilent && bytes[taken..].IndexOf("\r\n"u8) is var length and >= 0)
        {
            var line = Encoding.ASCII.GetString(bytes.Slice(taken, length));
            taken += length + 2;
            if (Answer(line) is { } answer)
                send(answer + "\r\n");
        }
        return taken;
    }

    private static bool IsUs(string hex)
    {
        if (hex.Length == 0)
            return true;
        var digits = hex.Length % 2 == 0 ? Encoding.ASCII.GetString(Convert.FromHexString(hex)) : "";
        return uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var uid) && uid == QemuLibc.Uid;
    }

    private string? Answer(string line)
    {
        var words = line.Split(' ');
        switch (words[0])
        {
            case "AUTH" when words is ["AUTH", "EXTERNAL"]:
                _wantsData = true;
                return "DATA";
            case "AUTH" when words is ["AUTH", "EXTERNAL", var hex]:
                return Judge(hex);
            case "DATA" when _wantsData:
                return Judge(words.Length > 1 ? words[1] : "");
            case "AUTH":
                return "REJECTED EXTERNAL";
            case "NEGOTIATE_UNIX_FD" when IsAuthenticated:
                return Asked(SaslStep.Negotiate, "AGREE_UNIX_FD", "ERROR", () => HasFds = true);
            case "BEGIN" when IsAuthenticated:
                _ = Asked(SaslStep.Begin, "", "", () => IsDone = true);
                return null;
            default:
                throw new FormatException($"'{line}' in the authentication");
        }
    }

    private string? Judge(string hex)
    {
        _wantsData = false;
        if (!IsUs(hex))
            throw new FormatException($"another uid: {hex}");
        return Asked(SaslStep.Auth, $"OK {_guid}", "REJECTED EXTERNAL", () => IsAuthenticated = true);
    }

    /// <summary>True if <c>ask</c> allows it, false for an error, null for no answer.</summary>
    private string? Asked(SaslStep step, string yes, string no, Action granted)
    {
        if (ask(step) is not { } answer)
        {
            // The lines that arrived together with this one are not answered either.
            _isSilent = true;
            return null;
        }
        if (answer)
            granted();
        return answer ? yes : no;
    }
}

namespace Guestplane.Compositor;

/// <summary>How the program ends (sysexits.h where that has a word for it).</summary>
internal enum ExitCode
{
    Ok = 0,

    /// <summary>A --require was not met.</summary>
    RequirementNotMet = 1,

    /// <summary>EX_USAGE.</summary>
    Usage = 64,

    /// <summary>EX_NOINPUT: no such source, or not a display.</summary>
    NoSource = 66,

    /// <summary>EX_UNAVAILABLE: no host, or it went away.</summary>
    NoHost = 69,

    /// <summary>EX_SOFTWARE: the host refused a request of ours, or we broke.</summary>
    Bug = 70,

    /// <summary>EX_IOERR: the guest went away.</summary>
    GuestLost = 74,

    /// <summary>EX_NOPERM.</summary>
    NotPermitted = 77,
}

/// <summary>An end with a code and one sentence.</summary>
internal sealed class ExitException(ExitCode code, string sentence) : Exception(sentence)
{
    public ExitCode Code { get; } = code;
}

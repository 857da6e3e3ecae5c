namespace Guestplane.Compositor;

/// <summary>The program's exit codes, from sysexits.h where it has one. README.md and guestplane(1) document them.</summary>
internal enum ExitCode
{
    Ok = 0,

    /// <summary>A --require was not met.</summary>
    RequirementNotMet = 1,

    /// <summary>EX_USAGE.</summary>
    Usage = 64,

    /// <summary>EX_NOINPUT: there is no such source, or it is not a display.</summary>
    NoSource = 66,

    /// <summary>EX_UNAVAILABLE: there is no compositor, it has gone, or it cannot show this guest.</summary>
    NoHost = 69,

    /// <summary>EX_SOFTWARE: our bug. The compositor rejected a request, or an exception has no other cause.</summary>
    Bug = 70,

    /// <summary>EX_OSERR: the machine is out of descriptors, memory or the like, or the kernel rejected a call.</summary>
    System = 71,

    /// <summary>
    /// EX_CANTCREAT: an output file (--report, --trace, ...) or standard output cannot be written. The show continues to its end,
    /// and ends with this code if it would have ended with 0.
    /// </summary>
    CannotWrite = 73,

    /// <summary>EX_IOERR: the guest has gone.</summary>
    GuestLost = 74,

    /// <summary>EX_NOPERM.</summary>
    NotPermitted = 77,
}

/// <summary>Ends the program with an exit code and one sentence.</summary>
internal sealed class ExitException(ExitCode code, string sentence) : Exception(sentence)
{
    public ExitCode Code { get; } = code;
}

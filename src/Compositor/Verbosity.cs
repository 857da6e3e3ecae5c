namespace Guestplane.Compositor;

/// <summary>How much is said while the program runs.</summary>
internal enum Verbosity
{
    Normal,

    /// <summary>Warnings and errors only.</summary>
    Quiet,

    /// <summary>Also what was decided, and by what.</summary>
    Verbose,
}

namespace Guestplane.Gvt;

/// <summary>Why a source cannot be shown.</summary>
public enum SourceFault
{
    /// <summary>The words do not name a source.</summary>
    Usage,

    /// <summary>There is no such source, or it is no display.</summary>
    NotThere,

    /// <summary>It is there, and we may not.</summary>
    NotPermitted,

    /// <summary>It was there, and went away.</summary>
    Lost,
}

/// <summary>One sentence that names the thing and the remedy.</summary>
public sealed class SourceException(SourceFault fault, string sentence) : Exception(sentence)
{
    public SourceFault Fault { get; } = fault;
}

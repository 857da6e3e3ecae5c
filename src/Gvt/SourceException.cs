namespace Guestplane.Gvt;

/// <summary>The reason why a source cannot be shown.</summary>
public enum SourceFault
{
    /// <summary>The argument does not name a source.</summary>
    Usage,

    /// <summary>There is no such source, or it is not a display.</summary>
    NotThere,

    /// <summary>It exists, but we may not use it.</summary>
    NotPermitted,

    /// <summary>It existed and has gone.</summary>
    Lost,
}

/// <summary>A source cannot be shown. The message is one sentence that names the object and the remedy.</summary>
public sealed class SourceException(SourceFault fault, string sentence) : Exception(sentence)
{
    public SourceFault Fault { get; } = fault;
}

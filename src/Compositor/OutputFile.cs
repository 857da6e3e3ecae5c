using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// An output file of an option, or standard output. The first write that fails throws an <see cref="ExitException"/> that names
/// the file and the cause. Later writes are dropped, so that closing does not fail again.
/// </summary>
internal sealed class OutputFile : WriteOnlyStream
{
    /// <summary>The regular files that are open: two outputs in one would be neither.</summary>
    private static readonly HashSet<(ulong, ulong)> s_open = [];

    private readonly Stream _inner;
    private readonly string _what;
    private readonly (ulong, ulong)? _file;
    private bool _hasFailed;

    private OutputFile(Stream inner, string what, (ulong, ulong)? file = null)
    {
        (_inner, _what, _file) = (inner, what, file);
        if (file is { } known)
            s_open.Add(known);
    }

    public static OutputFile Standard() => new(new StandardStream(StandardStream.Output), "Standard output cannot be written");

    /// <summary>Creates or truncates a file, or opens a pipe that a program reads.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">The content, as the beginning of a sentence: "The report".</param>
    /// <param name="patienceMs">How long a write waits for a pipe's reader at most.</param>
    /// <exception cref="ExitException">The file cannot be opened for writing.</exception>
    public static OutputFile Create(string path, string what, int patienceMs)
    {
        what = $"{what} cannot be written to \"{path}\"";
        try
        {
            // Opening a pipe without a reader would wait for one, and so would writing to one that stands still.
            if (FileOwner.IsSocket(path))
                throw new ExitException(ExitCode.CannotWrite, $"{what}: it is a socket.");
            if (Path.Exists(path) && !FileOwner.IsRegular(path))
                return new(new PipeStream(path, patienceMs), what);
            if (FileOwner.Identity(path) is { } same && s_open.Contains(same))
                throw new ExitException(ExitCode.Usage, $"{what}: it has another output already; give each a file of its own.");
            // No buffer: a write must fail in Write, not when the file is closed.
            var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            return new(file, what, FileOwner.Identity(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException
            or LinuxException)
        {
            throw Failed(what, e);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_hasFailed)
            return;
        try
        {
            _inner.Write(buffer);
        }
        catch (Exception e) when (e is IOException or LinuxException or ArgumentOutOfRangeException)
        {
            _hasFailed = true;
            // .NET's exception for EFBIG.
            throw Failed(_what, e is ArgumentOutOfRangeException ? new LinuxException("write", Errno.FileTooLarge) : e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
        if (_file is { } known)
            s_open.Remove(known);
        base.Dispose(disposing);
    }

    private static ExitException Failed(string what, Exception cause) =>
        new(ExitCode.CannotWrite, $"{what}: {Failure.Cause(cause)}.");
}

using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Writes until that fails, then reports it once and drops the rest: a trace must not disturb the show.</summary>
/// <param name="inner">The stream to write to; closed with this one.</param>
/// <param name="failed">Called with a sentence that says what could not be written and why.</param>
internal sealed class BestEffortStream(OutputFile inner, Action<string> failed) : WriteOnlyStream
{
    private bool _hasFailed;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_hasFailed)
            return;
        try
        {
            inner.Write(buffer);
        }
        catch (ExitException e)
        {
            _hasFailed = true;
            failed(e.Message);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}

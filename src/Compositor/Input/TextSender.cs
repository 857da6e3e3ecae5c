using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// A pipe to a program that reads the guest's text, until all is written or the program has closed its end. It waits as long as
/// the program does: to close it early would make the text look shorter than it is, or empty.
/// </summary>
internal sealed class TextSender : IDisposable
{
    private readonly Loop _loop;
    private readonly Fd _pipe;
    private readonly Action<TextSender> _ended;
    private LoopWatch _watch;
    private byte[]? _text;
    private int _written;

    /// <param name="loop">Watches the pipe.</param>
    /// <param name="pipe">Owned by the sender from now on.</param>
    /// <param name="ended">The pipe is closed.</param>
    public TextSender(Loop loop, Fd pipe, Action<TextSender> ended)
    {
        (_loop, _pipe, _ended) = (loop, pipe, ended);
        Pipe.NeverWait(pipe);
        // Without any wished event, poll(2) still reports that the reader has closed its end.
        loop.Add(_watch = new LoopWatch(pipe, _ => Dispose(), PollEvents.None));
    }

    public bool HasText => _text is not null;

    /// <summary>True while the guest is requested to send the text.</summary>
    public bool IsRequested { get; set; }

    /// <summary>Writes the whole text and closes the pipe.</summary>
    public void Write(byte[] text)
    {
        _text = text;
        _loop.Remove(_watch);
        _loop.Add(_watch = new LoopWatch(_pipe, _ => WriteSome(), PollEvents.Out));
    }

    public void Dispose()
    {
        if (_pipe.IsClosed)
            return;
        _loop.Remove(_watch);
        _pipe.Dispose();
        _ended(this);
    }

    private void WriteSome()
    {
        try
        {
            _written += Math.Max(0, Pipe.Write(_pipe, _text.AsSpan(_written)));
        }
        catch (LinuxException)
        {
            // The reader closed its end early.
            Dispose();
            return;
        }
        if (_written == _text!.Length)
            Dispose();
    }
}

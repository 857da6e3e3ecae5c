using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Text on its way through a pipe between us and another program of the desktop, which may stop at any time.</summary>
internal sealed class TextTransfer
{
    /// <summary>Longest silence of the other program. QEMU waits 5 s for a text.</summary>
    private const long PatienceNs = 4_000_000_000;

    private readonly Loop _loop;
    private readonly Fd _pipe;
    private readonly LoopWatch _watch;
    private readonly LoopTimer _patience;
    private readonly Action<byte[]?> _done;
    private readonly int _limit;
    private readonly bool _isReading;
    private readonly MemoryStream _text;

    private TextTransfer(Loop loop, Fd pipe, byte[]? text, int limit, Action<byte[]?> done)
    {
        (_loop, _pipe, _isReading, _limit, _done) = (loop, pipe, text is null, limit, done);
        _text = text is null ? new MemoryStream() : new MemoryStream(text, 0, text.Length, writable: false, publiclyVisible: true);
        Pipe.NeverWait(pipe);
        loop.Add(_watch = new LoopWatch(pipe, _ => Go(), _isReading ? PollEvents.In : PollEvents.Out));
        loop.Add(_patience = new LoopTimer(_ => End(null)));
        _patience.Set(Clock.Now + PatienceNs);
    }

    /// <summary>Reads to the end of the pipe, which is taken over; null when that does not come, or too much does.</summary>
    public static void Read(Loop loop, Fd pipe, int limit, Action<byte[]?> done) => _ = new TextTransfer(loop, pipe, null, limit, done);

    /// <summary>Writes all of it, and closes the pipe, which is taken over.</summary>
    public static void Write(Loop loop, Fd pipe, byte[] text) => _ = new TextTransfer(loop, pipe, text, text.Length, _ => { });

    private void Go()
    {
        try
        {
            if (_isReading)
                ReadSome();
            else
                WriteSome();
        }
        catch (LinuxException)
        {
            // The other end was closed early: whoever closed it knows.
            End(null);
        }
    }

    private void ReadSome()
    {
        Span<byte> bytes = stackalloc byte[4096];
        var count = Pipe.Read(_pipe, bytes);
        if (count == 0)
            End(_text.ToArray());
        else if (count > 0 && _text.Length + count > _limit)
            End(null);
        else if (count > 0)
        {
            _text.Write(bytes[..count]);
            _patience.Set(Clock.Now + PatienceNs);
        }
    }

    private void WriteSome()
    {
        var count = Pipe.Write(_pipe, _text.GetBuffer().AsSpan((int)_text.Position, (int)(_text.Length - _text.Position)));
        if (count > 0)
            _patience.Set(Clock.Now + PatienceNs);
        _text.Position += Math.Max(0, count);
        if (_text.Position == _text.Length)
            End(null);
    }

    private void End(byte[]? text)
    {
        _loop.Remove(_watch);
        _loop.Remove(_patience);
        _pipe.Dispose();
        _done(text);
    }
}

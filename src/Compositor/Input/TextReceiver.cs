using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Reads a text from a pipe that another program writes to; it may stop at any time.</summary>
internal sealed class TextReceiver
{
    /// <summary>For the whole text: meanwhile the VM stands still (QEMU ui/dbus-clipboard.c).</summary>
    private const long PatienceNs = 4_000_000_000;

    private readonly Loop _loop;
    private readonly Fd _pipe;
    private readonly LoopWatch _watch;
    private readonly LoopPatience _patience;
    private readonly Action<byte[]?> _done;
    private readonly int _limit;
    private readonly List<byte> _text = [];

    private TextReceiver(Loop loop, Fd pipe, int limit, Action<byte[]?> done)
    {
        (_loop, _pipe, _limit, _done) = (loop, pipe, limit, done);
        Pipe.NeverWait(pipe);
        loop.Add(_watch = new LoopWatch(pipe, _ => ReadSome()));
        loop.Add(_patience = new LoopPatience(() => End(null)));
        _patience.Start(PatienceNs);
    }

    /// <summary>
    /// Reads to the end, or one byte more than the limit, and closes the pipe. Null if the end does not come within 4 s.
    /// </summary>
    public static void Read(Loop loop, Fd pipe, int limit, Action<byte[]?> done) => _ = new TextReceiver(loop, pipe, limit, done);

    private void ReadSome()
    {
        Span<byte> bytes = stackalloc byte[16 << 10];
        int count;
        try
        {
            count = Pipe.Read(_pipe, bytes);
        }
        catch (LinuxException)
        {
            // A reader of a pipe gets no errors; it is something else that the compositor has passed on.
            End(null);
            return;
        }
        if (count > 0)
            _text.AddRange(bytes[..Math.Min(count, _limit + 1 - _text.Count)]);
        if (count == 0 || _text.Count > _limit)
            End([.. _text]);
    }

    private void End(byte[]? text)
    {
        _loop.Remove(_watch);
        _loop.Remove(_patience);
        _pipe.Dispose();
        _done(text);
    }
}

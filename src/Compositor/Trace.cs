using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// <c>--trace</c>: all that happens to a head's primary plane on one time line: the guest's flips until they are committed,
/// questions to the guest, commits until they are presented or discarded, what is on the glass, whose turn each buffer
/// is, and the vblanks. doc/pacing.md says how to read it.
/// </summary>
internal sealed class Trace(Stream file, string source) : IDisposable
{
    private const int QueryTrack = 1, FirstHeadTrack = 10, TracksPerHead = 10;

    private readonly TraceWriter _writer = new(file, $"guestplane {source}");
    private readonly List<HeadTrace> _heads = [];

    /// <summary>Writes down what happens on a screen from now on.</summary>
    public void Follow(Screen screen) => _heads.Add(new HeadTrace(_writer, FirstHeadTrack + _heads.Count * TracksPerHead, screen));

    /// <summary>Likewise of an asked guest's questions.</summary>
    public void Follow(Pacer pacer)
    {
        _writer.Track(QueryTrack, "questions");
        pacer.Asked += (from, to) => _writer.Slice(QueryTrack, "question", from, to);
    }

    public void Dispose() => _writer.Dispose();

    private sealed class HeadTrace
    {
        /// <summary>Beyond that the head was off or hidden, and vblanks that nobody waited for are not drawn.</summary>
        private const int MostVblanks = 120;

        private readonly TraceWriter _writer;
        private readonly int _flips, _commits, _glass, _buffers, _vblanks;
        private readonly Vblanks _clock;
        // Viewers make a row of each name that overlapping events have, and call it so.
        private readonly string _name, _commitRow;
        private readonly Dictionary<uint, string> _bufferRows = [];
        private readonly HashSet<uint> _held = [];
        private Frame _last;
        private long _committed;

        public HeadTrace(TraceWriter writer, int track, Screen screen)
        {
            (_writer, _clock) = (writer, screen.Presentation.Vblanks);
            (_flips, _commits, _glass, _vblanks, _buffers) = (track, track + 1, track + 2, track + 3, track + 4);
            _name = TraceWriter.Text(screen.Head.Name);
            _commitRow = $"{_name}: commits, until presented";
            writer.Track(_flips, $"{_name}: flips, until committed");
            writer.Track(_commits, _commitRow);
            writer.Track(_glass, $"{_name}: on the glass");
            writer.Track(_vblanks, $"{_name}: vblanks");
            writer.Track(_buffers, $"{_name}: buffers, until released");
            screen.Primary.Attached += OnAttached;
            screen.Primary.Overtaken += flip => _writer.Instant(_flips, "overtaken", flip.Time);
            screen.Primary.BufferReleased += OnReleased;
            screen.Presentation.Answered += OnAnswered;
        }

        private void OnAttached(Flip flip, HostBuffer? buffer, long now)
        {
            // A commit that waited for the host began after the one before.
            var from = Math.Max(flip.Time, _committed);
            _writer.Slice(_flips, "flip", from, now);
            _committed = now;
            if (buffer is null)
                return;
            _writer.ArrowFrom(_flips, now, from);
            _writer.Begin(_commits, "commit", now, _commitRow, now);
            if (_held.Add(buffer.Proxy.ProxyId))
                _writer.Begin(_buffers, "buffer", buffer.Proxy.ProxyId, BufferRow(buffer), now);
        }

        private void OnReleased(HostBuffer buffer)
        {
            if (_held.Remove(buffer.Proxy.ProxyId))
                _writer.End(_buffers, "buffer", buffer.Proxy.ProxyId, BufferRow(buffer), Clock.Now, "released");
        }

        private string BufferRow(HostBuffer buffer)
        {
            if (!_bufferRows.TryGetValue(buffer.Proxy.ProxyId, out var row))
                _bufferRows.Add(buffer.Proxy.ProxyId, row = $"{_name}: buffer {_bufferRows.Count + 1}, until released");
            return row;
        }

        private void OnAnswered(Frame frame)
        {
            var how = frame.IsDiscarded ? "discarded" : frame.IsZeroCopy ? "presented, zero-copy" : "presented";
            _writer.End(_commits, "commit", frame.Committed, _commitRow, frame.IsDiscarded ? Clock.Now : frame.Presented, how);
            if (frame.IsDiscarded)
                return;
            if (_last.Presented > 0 && frame.Presented > _last.Presented)
                OnGlass(_last, frame.Presented);
            _last = frame;
        }

        private void OnGlass(Frame frame, long until)
        {
            _writer.Slice(_glass, frame.IsZeroCopy ? "zero-copy" : "composited or unknown", frame.Presented, until);
            _writer.ArrowTo(_glass, frame.Committed, frame.Presented);
            var vblank = frame.Presented;
            for (var i = 0; i < MostVblanks && vblank < until - _clock.Refresh / 2; i++, vblank += _clock.Refresh)
                _writer.Instant(_vblanks, "vblank", vblank);
        }
    }
}

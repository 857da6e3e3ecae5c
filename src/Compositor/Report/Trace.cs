using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary><c>--trace</c>: what happens to each head's primary plane, on one time line. Tracks: doc/pacing.md.</summary>
internal sealed class Trace(Stream file, string source) : IDisposable
{
    private const int QueryTrack = 1, FirstHeadTrack = 10, TracksPerHead = 10;

    private readonly TraceWriter _writer = new(file, $"guestplane {source}");
    private int _heads;

    /// <summary>Creates the observer that records a head's primary plane.</summary>
    public PlaneObserver OfHead(string head, Vblanks vblanks) =>
        new HeadTrace(_writer, FirstHeadTrack + _heads++ * TracksPerHead, TraceWriter.Text(head), vblanks);

    public void Dispose() => _writer.Dispose();

    private sealed class HeadTrace : PlaneObserver
    {
        /// <summary>Most vblanks that are drawn for one image: if it stays longer, the head was off or hidden.</summary>
        private const int MostVblanks = 120;

        /// <summary>The rows of so many buffers are made in advance, so that a buffer's first commit allocates nothing.</summary>
        private const int ExpectedBuffers = 16;

        private readonly TraceWriter _writer;
        private readonly int _flips, _commits, _screen, _buffers, _vblanks;
        private readonly Vblanks _clock;
        // Viewers show overlapping events of the same name as one row of that name.
        private readonly string _name, _commitRow;
        private readonly string[] _expectedRows;
        private readonly Dictionary<uint, string> _bufferRows = new(ExpectedBuffers);
        private readonly HashSet<uint> _held = new(ExpectedBuffers);
        private Frame _last;
        private long _committed;
        private bool _isPolled;

        public HeadTrace(TraceWriter writer, int track, string name, Vblanks clock)
        {
            (_writer, _clock, _name) = (writer, clock, name);
            (_flips, _commits, _screen, _vblanks, _buffers) = (track, track + 1, track + 2, track + 3, track + 4);
            _commitRow = $"{_name}: commits, until presented";
            _expectedRows = [.. Enumerable.Range(0, ExpectedBuffers).Select(NewRow)];
            writer.Track(_flips, $"{_name}: flips, until committed");
            writer.Track(_commits, _commitRow);
            writer.Track(_screen, $"{_name}: on screen");
            writer.Track(_vblanks, $"{_name}: vblanks");
            writer.Track(_buffers, $"{_name}: buffers, until released");
        }

        public override void Polled(long from, long to)
        {
            if (!_isPolled)
                _writer.Track(QueryTrack, "polls");
            _isPolled = true;
            _writer.Slice(QueryTrack, "poll", from, to);
        }

        public override void Overtaken(in Flip flip) => _writer.Instant(_flips, "coalesced", flip.Time);

        public override void Committed(in Flip flip, uint buffer, long now)
        {
            // Slices do not overlap: a flip that waited for the compositor begins after the previous commit.
            var from = Math.Max(flip.Time, _committed);
            _writer.Slice(_flips, "flip", from, now);
            _committed = now;
            if (buffer == 0)
                return;
            _writer.ArrowFrom(_flips, now, from);
            _writer.Begin(_commits, "commit", now, _commitRow, now);
            if (_held.Add(buffer))
                _writer.Begin(_buffers, "buffer", buffer, BufferRow(buffer), now);
        }

        public override void BufferReleased(uint buffer)
        {
            if (_held.Remove(buffer))
                _writer.End(_buffers, "buffer", buffer, BufferRow(buffer), Clock.Now, "released");
        }

        private string BufferRow(uint buffer)
        {
            if (!_bufferRows.TryGetValue(buffer, out var row))
            {
                var before = _bufferRows.Count;
                _bufferRows.Add(buffer, row = before < ExpectedBuffers ? _expectedRows[before] : NewRow(before));
            }
            return row;
        }

        private string NewRow(int before) => $"{_name}: buffer {before + 1}, until released";

        public override void Answered(in Frame frame)
        {
            var how = frame.IsDiscarded ? "discarded" : frame.IsZeroCopy ? "presented, zero-copy" : "presented";
            _writer.End(_commits, "commit", frame.Committed, _commitRow, frame.IsDiscarded ? Clock.Now : frame.Presented, how);
            if (frame.IsDiscarded)
                return;
            if (_last.Presented > 0 && frame.Presented > _last.Presented)
                OnScreen(_last, frame.Presented);
            _last = frame;
        }

        private void OnScreen(in Frame frame, long until)
        {
            _writer.Slice(_screen, frame.IsZeroCopy ? "zero-copy" : "composited or unknown", frame.Presented, until);
            _writer.ArrowTo(_screen, frame.Committed, frame.Presented);
            var vblank = frame.Presented;
            for (var i = 0; i < MostVblanks && vblank < until - _clock.Refresh / 2; i++, vblank += _clock.Refresh)
                _writer.Instant(_vblanks, "vblank", vblank);
        }
    }
}

using System.Globalization;
using Guestplane.Linux;

namespace Guestplane.Gvt.Pattern;

/// <summary>
/// The built-in guest: a test pattern that flips at its own rate between a few buffers, as a page-flipping guest does, without
/// waiting for the compositor, and a cursor plane that moves on a Lissajous curve. It reports its flips, or is polled for them.
/// </summary>
public sealed class PatternGuest : IGuest
{
    private const int CursorSide = 64;
    private const long SecondNs = 1_000_000_000;
    private static readonly PixelPoint s_hotspot = new(8, 8);

    private readonly PatternOptions _options;
    private readonly Head[] _heads;
    private readonly PatternBuffer[] _buffers;
    private readonly PatternBuffer? _cursor;
    private readonly Action<Span<byte>, uint> _paintFrame;
    private readonly LoopTimer _timer;
    private Loop? _loop;
    private LateFence[] _fences = [];
    private long _start;
    private uint _frame;
    private PatternBuffer? _unpolled;

    /// <exception cref="SourceException">The requested kind of memory is not available.</exception>
    public PatternGuest(string source, PatternOptions options)
    {
        (Source, _options) = (source, options);
        Heads = _heads = [.. Enumerable.Range(0, options.Heads).Select(n => new Head(n.ToString(CultureInfo.InvariantCulture)))];
        _buffers = [.. Enumerable.Range(0, options.Buffers)
            .Select(_ => PatternBuffer.Create(options.Width, options.Height, options.Format, options.Memory))];
        var painter = new PatternPainter(options.Width, options.Height, options.Format, _buffers[0].Stride, options.Color);
        foreach (var buffer in _buffers)
            buffer.Draw((pixels, frame) =>
            {
                painter.PaintBackground(pixels);
                painter.PaintFrame(pixels, frame);
            }, 0);
        _paintFrame = painter.PaintFrame;
        _cursor = options.Cursor ? PatternBuffer.Create(CursorSide, CursorSide, Fourcc.Argb8888, options.Memory) : null;
        _cursor?.Draw((pixels, _) => PatternPainter.PaintCursor(pixels, CursorSide, _cursor.Stride, s_hotspot), 0);
        _timer = new LoopTimer(Tick);
    }

    public string Source { get; }

    public IReadOnlyList<Head> Heads { get; }

    public bool IsPolled => _options.IsPolled;

    public int DmaBufs => _buffers.Length + (_cursor is null ? 0 : 1);

    /// <summary>Never raised: this guest lives as long as the program.</summary>
    public event Action<string>? Lost
    {
        add { }
        remove { }
    }

    public void Start(Loop loop)
    {
        if (_options.Fence.Milliseconds > 0)
            _fences = [.. _buffers.Select(_ => LateFence.Create(loop))];
        _loop = loop;
        loop.Add(_timer);
        _start = Clock.Now;
        _timer.Set(_start);
    }

    public long Poll(long now)
    {
        if (_unpolled is { } buffer)
            Raise(buffer, _frame - 1, now);
        _unpolled = null;
        return now;
    }

    public void Dispose()
    {
        _loop?.Remove(_timer);
        foreach (var fence in _fences)
            fence.Dispose();
        foreach (var buffer in _buffers)
            buffer.Dispose();
        _cursor?.Dispose();
    }

    private void Tick(long now)
    {
        var buffer = _buffers[_frame % _buffers.Length];
        var fence = _fences.Length > 0 ? _fences[_frame % _fences.Length] : null;
        // A buffer whose fence is pending is not drawn into: this frame is dropped.
        if (fence is not { IsPending: true })
            Flip(buffer, fence, now);
        _frame++;
        // Deadlines are absolute, so a late tick does not delay the next one. Ticks that were slept through are not repeated.
        var next = _start + (long)(_frame * (SecondNs / _options.Rate));
        if (next < now)
            _start += now - next;
        _timer.Set(Math.Max(next, now));
    }

    private void Flip(PatternBuffer buffer, LateFence? fence, long now)
    {
        if (!_options.Still)
            buffer.Draw(_paintFrame, _frame);
        if ((_frame + 1) % _options.Fence.Every == 0)
            fence?.Attach(buffer.Scanout.Memory(0), now + _options.Fence.Milliseconds * 1_000_000L);
        if (IsPolled)
            _unpolled = buffer;
        else
            // It flips when it has drawn.
            Raise(buffer, _frame, Clock.Now);
    }

    private void Raise(PatternBuffer buffer, uint frame, long now)
    {
        foreach (var head in _heads)
        {
            head.Raise(new Flip(PlaneKind.Primary, buffer.Scanout, default, default, Changed: true, now));
            if (_cursor is null)
                continue;
            var hasImage = head.Newest(PlaneKind.Cursor).Scanout is not null;
            head.Raise(new Flip(PlaneKind.Cursor, _cursor.Scanout, CursorPosition(frame), s_hotspot, Changed: !hasImage, now));
        }
    }

    /// <summary>The position of the cursor image's top left corner; sometimes partly outside, as a real cursor is.</summary>
    internal PixelPoint CursorPosition(uint frame) => new(
        (int)((_options.Width - 1) * (0.5 + 0.5 * Math.Sin(frame * 0.021))) - s_hotspot.X,
        (int)((_options.Height - 1) * (0.5 + 0.5 * Math.Sin(frame * 0.034 + 1))) - s_hotspot.Y);
}

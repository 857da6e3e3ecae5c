using System.Text.Json;
using System.Text.Unicode;

namespace Guestplane.Compositor;

/// <summary>
/// Writes Chrome's trace events (JSON) without allocating for each. Times are CLOCK_MONOTONIC in ns, comparable with other traces
/// of the machine; the format uses µs. A truncated file can be read: the closing bracket is optional. Format:
/// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
/// </summary>
internal sealed class TraceWriter : IDisposable
{
    /// <summary>The longest event in bytes. Longer ones are dropped: untrusted names may be long.</summary>
    private const int MaxEvent = 1024;

    private readonly Stream _file;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start, _length;
    private bool _fits, _isClosed;

    public TraceWriter(Stream file, string process)
    {
        _file = file;
        _file.Write("["u8);
        Open('M', 0, "process_name", 0);
        // The first event has no comma before it.
        _buffer[0] = (byte)' ';
        Put(Utf8.TryWrite(Rest, $",\"args\":{{\"name\":\"{Text(process)}\"}}", out var length), length);
        Close();
    }

    /// <summary>Escapes text for a JSON string.</summary>
    public static string Text(string text) => JsonEncodedText.Encode(text).ToString();

    /// <summary>Names a track. The name must be escaped by <see cref="Text"/>; viewers sort tracks by number.</summary>
    public void Track(int track, string name)
    {
        Open('M', track, "thread_name", 0);
        Put(Utf8.TryWrite(Rest, $",\"args\":{{\"name\":\"{name}\"}}", out var length), length);
        Close();
        Open('M', track, "thread_sort_index", 0);
        Put(Utf8.TryWrite(Rest, $",\"args\":{{\"sort_index\":{track}}}", out length), length);
        Close();
    }

    /// <summary>Writes an event with a duration. Slices of one track do not overlap.</summary>
    public void Slice(int track, string name, long from, long to)
    {
        Open('X', track, name, from);
        Put(Utf8.TryWrite(Rest, $",\"dur\":{(to - from) / 1000}.{(to - from) % 1000:000}", out var length), length);
        Close();
    }

    /// <summary>Writes an event without a duration.</summary>
    public void Instant(int track, string name, long at)
    {
        Open('i', track, name, at);
        Put(",\"s\":\"t\""u8);
        Close();
    }

    /// <summary>Begins an event that may overlap others of its kind; kind and number identify it to <see cref="End"/>.</summary>
    public void Begin(int track, string kind, long number, string name, long at)
    {
        Open('b', track, name, at);
        PutNumber(kind, number);
        Close();
    }

    /// <inheritdoc cref="Begin"/>
    public void End(int track, string kind, long number, string name, long at, string how)
    {
        Open('e', track, name, at);
        PutNumber(kind, number);
        Put(Utf8.TryWrite(Rest, $",\"args\":{{\"how\":\"{how}\"}}", out var length), length);
        Close();
    }

    /// <summary>Begins an arrow at the slice that begins at this time; <see cref="ArrowTo"/> with this number ends it.</summary>
    public void ArrowFrom(int track, long number, long at)
    {
        Open('s', track, "frame", at);
        Put(Utf8.TryWrite(Rest, $",\"cat\":\"frame\",\"id\":{number}", out var length), length);
        Close();
    }

    /// <inheritdoc cref="ArrowFrom"/>
    public void ArrowTo(int track, long number, long at)
    {
        Open('f', track, "frame", at);
        Put(Utf8.TryWrite(Rest, $",\"bp\":\"e\",\"cat\":\"frame\",\"id\":{number}", out var length), length);
        Close();
    }

    /// <summary>Writes what is left. Later events are dropped.</summary>
    public void Dispose()
    {
        if (_isClosed)
            return;
        Flush();
        _isClosed = true;
        _file.Write("]\n"u8);
        _file.Dispose();
    }

    private Span<byte> Rest => _buffer.AsSpan(_length, MaxEvent - (_length - _start));

    /// <summary>Begins an event with the fields that all have.</summary>
    private void Open(char phase, int track, string name, long at)
    {
        if (_buffer.Length - _length < MaxEvent)
            Flush();
        (_start, _fits) = (_length, true);
        Put(Utf8.TryWrite(Rest, $",\n{{\"ph\":\"{phase}\",\"pid\":1,\"tid\":{track}", out var length), length);
        Put(Utf8.TryWrite(Rest, $",\"name\":\"{name}\",\"ts\":{at / 1000}.{at % 1000:000}", out length), length);
    }

    private void PutNumber(string kind, long number) =>
        Put(Utf8.TryWrite(Rest, $",\"cat\":\"{kind}\",\"id\":\"{number}\"", out var length), length);

    private void Put(bool fits, int length)
    {
        _fits &= fits;
        _length += fits ? length : 0;
    }

    private void Put(ReadOnlySpan<byte> text) => Put(text.TryCopyTo(Rest), text.Length);

    private void Close()
    {
        Put("}"u8);
        if (!_fits)
            _length = _start;
    }

    private void Flush()
    {
        if (!_isClosed)
            _file.Write(_buffer, 0, _length);
        _length = 0;
    }
}

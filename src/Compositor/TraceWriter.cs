using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Guestplane.Compositor;

/// <summary>
/// Writes Chrome's trace events (JSON; Perfetto and chrome://tracing open it), without an allocation for each. Moments are
/// CLOCK_MONOTONIC in ns, so that the file lies beside other traces of the machine; the format wants µs. A file that was
/// cut off is still read: its closing bracket is optional.
/// Format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
/// </summary>
internal sealed class TraceWriter : IDisposable
{
    private const int MaxEvent = 1024;

    private readonly Stream _file;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _length;

    public TraceWriter(Stream file, string process)
    {
        _file = file;
        _file.Write("["u8);
        Wrote(Utf8.TryWrite(Room, $"{{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{{\"name\":\"{Text(process)}\"}}}}", out var length), length);
    }

    /// <summary>Text for within quotes.</summary>
    public static string Text(string text) => JsonEncodedText.Encode(text).ToString();

    /// <summary>Names a track, in <see cref="Text"/>; those with lower numbers are drawn above.</summary>
    public void Track(int track, string name)
    {
        Wrote(Utf8.TryWrite(Room, $",\n{{\"ph\":\"M\",\"pid\":1,\"tid\":{track},\"name\":\"thread_name\",\"args\":{{\"name\":\"{name}\"}}}}", out var length), length);
        Wrote(Utf8.TryWrite(Room, $",\n{{\"ph\":\"M\",\"pid\":1,\"tid\":{track},\"name\":\"thread_sort_index\",\"args\":{{\"sort_index\":{track}}}}}", out length), length);
    }

    /// <summary>Something that took from one moment to another; on one track they do not overlap.</summary>
    public void Slice(int track, string name, long from, long to) => Wrote(Utf8.TryWrite(Room, $",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":{track},\"name\":\"{name}\",\"ts\":{from / 1000}.{from % 1000:000},\"dur\":{(to - from) / 1000}.{(to - from) % 1000:000}}}", out var length), length);

    public void Instant(int track, string name, long at) =>
        Wrote(Utf8.TryWrite(Room, $",\n{{\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":{track},\"name\":\"{name}\",\"ts\":{at / 1000}.{at % 1000:000}}}", out var length), length);

    /// <summary>Something that lasts while others of its kind do: the writer of the end names it by kind and number.</summary>
    public void Begin(int track, string kind, long number, string name, long at) => Wrote(Utf8.TryWrite(Room, $",\n{{\"ph\":\"b\",\"pid\":1,\"tid\":{track},\"cat\":\"{kind}\",\"id\":\"{number}\",\"name\":\"{name}\",\"ts\":{at / 1000}.{at % 1000:000}}}", out var length), length);

    /// <inheritdoc cref="Begin"/>
    public void End(int track, string kind, long number, string name, long at, string how) => Wrote(Utf8.TryWrite(Room, $",\n{{\"ph\":\"e\",\"pid\":1,\"tid\":{track},\"cat\":\"{kind}\",\"id\":\"{number}\",\"name\":\"{name}\",\"ts\":{at / 1000}.{at % 1000:000},\"args\":{{\"how\":\"{how}\"}}}}", out var length), length);

    /// <summary>An arrow from the slice of a track that begins at that moment, to where <see cref="ArrowTo"/> of that number says.</summary>
    public void ArrowFrom(int track, long number, long at) => Wrote(Utf8.TryWrite(Room, $",\n{{\"ph\":\"s\",\"pid\":1,\"tid\":{track},\"cat\":\"frame\",\"id\":{number},\"name\":\"frame\",\"ts\":{at / 1000}.{at % 1000:000}}}", out var length), length);

    /// <inheritdoc cref="ArrowFrom"/>
    public void ArrowTo(int track, long number, long at) => Wrote(Utf8.TryWrite(Room, $",\n{{\"ph\":\"f\",\"bp\":\"e\",\"pid\":1,\"tid\":{track},\"cat\":\"frame\",\"id\":{number},\"name\":\"frame\",\"ts\":{at / 1000}.{at % 1000:000}}}", out var length), length);

    public void Dispose()
    {
        Flush();
        _file.Write("]\n"u8);
        _file.Dispose();
    }

    /// <summary>An event that does not fit is left out: a name from a stranger may be long.</summary>
    private void Wrote(bool fits, int length) => _length += fits ? length : 0;

    private Span<byte> Room
    {
        get
        {
            if (_buffer.Length - _length < MaxEvent)
                Flush();
            return _buffer.AsSpan(_length, MaxEvent);
        }
    }

    private void Flush()
    {
        _file.Write(_buffer, 0, _length);
        _length = 0;
    }
}

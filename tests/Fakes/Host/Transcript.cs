namespace Guestplane.Tests.Fakes;

/// <summary>
/// Every message in the form of WAYLAND_DEBUG: <c>-> wl_surface#7.commit()</c> is a request of the client, a line
/// without the arrow is an event. Only the newest lines are kept.
/// </summary>
public sealed class Transcript
{
    private readonly Queue<string> _lines = new();
    private readonly int _capacity;

    internal Transcript(int capacity) => _capacity = capacity;

    /// <summary>The number of lines so far, including those that were dropped.</summary>
    public long Count { get; private set; }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>The kept lines that contain <paramref name="part"/>, e.g. "wl_surface#7.attach" or ".commit(".</summary>
    public IReadOnlyList<string> Matching(string part) =>
        Lines.Where(line => line.Contains(part, StringComparison.Ordinal)).ToList();

    public void Clear()
    {
        lock (_lines)
            _lines.Clear();
    }

    public override string ToString() => string.Join('\n', Lines);

    internal void Add(string arrow, HostObject target, MessageModel message, IReadOnlyList<object?> values)
    {
        var args = string.Join(", ", message.Args.Select((arg, i) => Format(arg, values[i])));
        lock (_lines)
        {
            _lines.Enqueue($"{arrow}{target}.{message.Name}({args})");
            Count++;
            if (_lines.Count > _capacity)
                _lines.Dequeue();
        }
    }

    private static string Format(ArgModel arg, object? value) => value switch
    {
        null => "nil",
        NewId { Version: > 0 } id => $"\"{id.Interface}\", {id.Version}, new id {id.Interface}#{id.Id}",
        NewId id => $"new id {id.Interface}#{id.Id}",
        HostObject made when arg.Type == ArgType.NewId => $"new id {made}",
        string text => $"\"{text}\"",
        byte[] array => $"array[{array.Length}]",
        HostFd => "fd",
        double number => FormattableString.Invariant($"{number:0.######}"),
        _ => value.ToString()!,
    };
}

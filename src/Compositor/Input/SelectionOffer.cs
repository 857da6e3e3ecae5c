using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>What the owner of a selection offers. Only the best text type is kept: programs may offer any number.</summary>
/// <param name="proxy">The offer, which is destroyed with this object.</param>
/// <param name="receive">Its request: the type, and the pipe's end that the owner writes to.</param>
internal sealed class SelectionOffer(WlProxy proxy, Action<string, Fd> receive) : IDisposable
{
    /// <summary>
    /// The beginning of a type that marks our own offers, because the compositor sends them back to us, and programs that keep
    /// what others have copied may offer it again under all its types.
    /// </summary>
    public const string MarkStart = "application/x-guestplane.";

    private string? _textType;
    private int _rank = int.MaxValue;

    public WlProxy Proxy => proxy;

    public bool HasText => _textType is not null;

    /// <summary>The offered type that is the mark of a guestplane; null if there is none.</summary>
    public string? Mark { get; private set; }

    public void Add(string type)
    {
        if (type.StartsWith(MarkStart, StringComparison.Ordinal))
            Mark = type;
        if (TextType.Rank(type) is { } rank && rank < _rank)
            (_textType, _rank) = (type, rank);
    }

    /// <summary>The text comes through the pipe whose end this is. Sent with the type as it was offered.</summary>
    public void Receive(Fd pipe) => receive(_textType!, pipe);

    public void Dispose() => proxy.Dispose();
}

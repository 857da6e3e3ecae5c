using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A seat's clipboard or primary selection at the compositor, which sends it only to the window with the keyboard.
/// </summary>
internal abstract class SelectionDevice : IDisposable
{
    private readonly List<SelectionOffer> _offers = [];
    private bool _isDisposed;

    /// <summary>The selection as the compositor sent it last; null if nobody has it.</summary>
    public SelectionOffer? Selection { get; private set; }

    /// <summary>The compositor has sent the selection.</summary>
    public event Action? Selected;

    protected abstract WlProxy Proxy { get; }

    /// <summary>Creates an offer of ours.</summary>
    /// <param name="types">The types under which the text is offered.</param>
    /// <param name="send">A program reads it, through this pipe; called with the ownership of the descriptor.</param>
    /// <param name="cancelled">It is the selection no longer, or has not become it.</param>
    public abstract WlProxy CreateSource(IEnumerable<string> types, Action<Fd> send, Action cancelled);

    /// <summary>Makes it the selection. The compositor may ignore this without a word.</summary>
    public abstract void Select(WlProxy source, uint serial);

    /// <summary>
    /// The proxy is kept until the compositor has seen that no more is wanted: an offer that is on its way to a destroyed device
    /// would make libwayland reject the compositor's next object (EINVAL).
    /// </summary>
    public void Dispose()
    {
        _isDisposed = true;
        Selection = null;
        _offers.ForEach(offer => offer.Dispose());
        _offers.Clear();
        if (Proxy.IsAlive)
            Proxy.Display.Sync().Done += (_, _) => Proxy.Dispose();
    }

    protected SelectionOffer Add(WlProxy proxy, Action<string, Fd> receive)
    {
        var offer = new SelectionOffer(proxy, receive);
        if (_isDisposed)
            offer.Dispose();
        else
            _offers.Add(offer);
        return offer;
    }

    protected void SetSelection(WlProxy? proxy)
    {
        if (_isDisposed)
            return;
        if (Selection is { } before && before.Proxy != proxy)
            Forget(before.Proxy);
        Selection = _offers.Find(offer => offer.Proxy == proxy);
        Selected?.Invoke();
    }

    protected void Forget(WlProxy? proxy)
    {
        if (_offers.Find(offer => offer.Proxy == proxy) is not { } forgotten)
            return;
        _offers.Remove(forgotten);
        forgotten.Dispose();
    }
}

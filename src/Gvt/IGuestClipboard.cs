namespace Guestplane.Gvt;

/// <summary>A guest's clipboard, text only (UTF-8). Neither side waits for the other.</summary>
public interface IGuestClipboard
{
    /// <summary>The guest has text (true), or none any more.</summary>
    event Action<bool>? Offered;

    /// <summary>The guest wants the host's text: it gets it by the call, null for none; within a few seconds, or it gives up.</summary>
    event Action<Action<byte[]?>>? Wanted;

    /// <summary>The host has text now.</summary>
    void Offer();

    /// <summary>The host has none any more.</summary>
    void Withdraw();

    /// <summary>Asks for the guest's text; null when it does not come.</summary>
    void Fetch(Action<byte[]?> done);
}

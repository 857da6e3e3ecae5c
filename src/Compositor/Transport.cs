using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>How a plane's pixels get to the compositor, best first.</summary>
internal enum Transport
{
    /// <summary>The guest's dma-buf, imported by the compositor.</summary>
    DmaBuf,

    /// <summary>A wl_shm pool on the guest's descriptor: the compositor's CPU reads it, ours does not.</summary>
    Shm,

    /// <summary>A wl_shm pool of our own, into which our CPU copies each frame.</summary>
    Copy,

    /// <summary>No transport is left.</summary>
    Impossible,
}

/// <summary>An image's transport, the format that is sent to the compositor, and a clause why no better one is used.</summary>
/// <param name="Device">dev_t of the GPU that must sample a dma-buf, as the compositor names it; null: it may choose.</param>
internal readonly record struct TransportChoice(Transport Transport, Fourcc Format, string? Reason, ulong? Device = null);

internal static class Transports
{
    /// <summary>The transports as --transport spells them.</summary>
    public static readonly (string Word, Transport Transport)[] Words =
        [.. new[] { Transport.DmaBuf, Transport.Shm, Transport.Copy }.Select(transport => (transport.Spelled(), transport))];

    public static Transport? Parse(string word) =>
        Array.FindIndex(Words, w => w.Word == word) is var index and >= 0 ? Words[index].Transport : null;
}

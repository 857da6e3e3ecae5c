namespace Guestplane.Compositor;

/// <summary>The rungs of the ladder, best first: how a plane's pixels get to the host.</summary>
internal enum Transport
{
    /// <summary>The guest's dma-buf, imported by the host.</summary>
    DmaBuf,

    /// <summary>A wl_shm pool on the dma-buf's own descriptor: the host reads it by CPU, we do not.</summary>
    Shm,

    /// <summary>A wl_shm pool of our own, into which our CPU copies each frame.</summary>
    Copy,

    /// <summary>None is left.</summary>
    Impossible,
}

internal static class Transports
{
    /// <summary>Those that a plane can go by, as they are spelled.</summary>
    public static readonly (string Word, Transport Transport)[] Words =
        [.. new[] { Transport.DmaBuf, Transport.Shm, Transport.Copy }.Select(transport => (transport.Spelled(), transport))];

    public static Transport? Parse(string word) =>
        Array.FindIndex(Words, w => w.Word == word) is var index and >= 0 ? Words[index].Transport : null;

    /// <summary>As the report and --transport spell it.</summary>
    public static string Spelled(this Transport transport) => transport.ToString().ToLowerInvariant();
}

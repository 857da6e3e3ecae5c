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

internal static class TransportNames
{
    /// <summary>As the report and --transport spell it.</summary>
    public static string Spelled(this Transport transport) => transport.ToString().ToLowerInvariant();
}

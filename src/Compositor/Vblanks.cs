using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// A head's clock: when its host's vblanks are, counted on from the last one that presentation feedback told. Before the
/// first, and where a host tells none, an output's mode says how often, and a frame callback about when.
/// </summary>
internal sealed class Vblanks
{
    private const long SecondNs = 1_000_000_000;
    private const long DefaultRefreshNs = SecondNs / 60;

    /// <summary>No display refreshes faster or slower; a host that says so is not believed.</summary>
    private const long ShortestRefreshNs = SecondNs / 1000, LongestRefreshNs = SecondNs;

    /// <param name="outputRefreshMilliHz">Of the output's mode, 0 unknown.</param>
    public Vblanks(int outputRefreshMilliHz)
    {
        Refresh = DefaultRefreshNs;
        if (outputRefreshMilliHz > 0)
            Seen(0, SecondNs * 1000 / outputRefreshMilliHz);
    }

    /// <summary>The last one that is known, CLOCK_MONOTONIC in ns.</summary>
    public long Last { get; private set; }

    /// <summary>From one to the next, ns.</summary>
    public long Refresh { get; private set; }

    /// <summary>There was one; <paramref name="refresh"/> 0: the host does not know how often (variable, or headless).</summary>
    public void Seen(long time, long refresh)
    {
        Last = time;
        if (refresh is >= ShortestRefreshNs and <= LongestRefreshNs)
            Refresh = refresh;
    }

    /// <summary>The first that is later than a moment.</summary>
    public long After(long moment)
    {
        var phase = (moment - Last) % Refresh;
        return moment + Refresh - (phase < 0 ? phase + Refresh : phase);
    }
}

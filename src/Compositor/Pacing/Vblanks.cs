using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Predicts vblanks from presentation feedback, or from frame callbacks and the output's refresh rate.</summary>
internal sealed class Vblanks
{
    private const long SecondNs = 1_000_000_000;
    private const long DefaultRefreshNs = SecondNs / 60;

    /// <summary>No display refreshes faster or slower; a report outside these limits is ignored.</summary>
    private const long ShortestRefreshNs = SecondNs / 1000, LongestRefreshNs = SecondNs;

    /// <param name="outputRefreshMilliHz">The refresh rate of the output's mode; 0 if unknown.</param>
    public Vblanks(int outputRefreshMilliHz)
    {
        Refresh = DefaultRefreshNs;
        if (outputRefreshMilliHz > 0)
            Seen(0, SecondNs * 1000 / outputRefreshMilliHz);
    }

    /// <summary>For a head on a compositor that has presented nothing yet: assumes the refresh rate of an output.</summary>
    public static Vblanks Of(Host host) =>
        new(host.Globals.Outputs.Select(output => output.RefreshMilliHz).FirstOrDefault(rate => rate > 0));

    /// <summary>The last known vblank, CLOCK_MONOTONIC in ns.</summary>
    public long Last { get; private set; }

    /// <summary>Time between two vblanks, ns.</summary>
    public long Refresh { get; private set; }

    /// <summary>A vblank was seen. A refresh of 0 is unknown (variable, or headless).</summary>
    public void Seen(long time, long refresh)
    {
        Last = time;
        if (refresh is >= ShortestRefreshNs and <= LongestRefreshNs)
            Refresh = refresh;
    }

    /// <summary>The first vblank after a moment.</summary>
    public long After(long moment)
    {
        var phase = (moment - Last) % Refresh;
        return moment + Refresh - (phase < 0 ? phase + Refresh : phase);
    }
}

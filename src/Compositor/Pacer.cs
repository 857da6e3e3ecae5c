using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// When a guest that must be asked is asked: once per refresh of the host, a margin before the vblank that its answer is
/// for. The vblanks are told by presentation feedback, and counted on from the last one; without any, the output's mode
/// says how often. A hidden window asks slowly.
/// </summary>
internal sealed class Pacer
{
    private const long SecondNs = 1_000_000_000;
    private const long DefaultRefreshNs = SecondNs / 60;
    private const long HiddenRefreshNs = SecondNs / 10;

    /// <summary>weston composes 7 ms before the vblank (repaint-window); others take what is there later than that.</summary>
    private const long MarginNs = 8_000_000;

    private readonly IGuest _guest;
    private readonly LoopTimer _timer;
    private readonly Func<bool> _isHidden;
    private long _vblank, _refresh;

    /// <param name="guest">Whom to ask.</param>
    /// <param name="outputRefreshMilliHz">Of the output's mode, 0 unknown.</param>
    /// <param name="isHidden">Whether nobody looks.</param>
    public Pacer(IGuest guest, int outputRefreshMilliHz, Func<bool> isHidden)
    {
        (_guest, _isHidden, _timer) = (guest, isHidden, new LoopTimer(Ask));
        _refresh = outputRefreshMilliHz > 0 ? SecondNs * 1000 / outputRefreshMilliHz : DefaultRefreshNs;
    }

    public void Start(Loop loop)
    {
        loop.Add(_timer);
        _timer.Set(Clock.Now);
    }

    /// <summary>A frame was shown at that vblank (CLOCK_MONOTONIC, ns); refresh 0: the host does not know (variable, or headless).</summary>
    public void Shown(long time, long refresh)
    {
        _vblank = time;
        if (refresh > 0)
            _refresh = refresh;
    }

    /// <summary>The next moment to ask: the margin before the first vblank that is further away than that.</summary>
    internal long Next(long now)
    {
        if (_isHidden())
            return now + HiddenRefreshNs;
        var phase = (now + MarginNs - _vblank) % _refresh;
        return now + _refresh - phase;
    }

    private void Ask(long now)
    {
        var earliest = _guest.Ask(now);
        _timer.Set(earliest == LoopSource.Never ? LoopSource.Never : Math.Max(Next(now), earliest));
    }
}

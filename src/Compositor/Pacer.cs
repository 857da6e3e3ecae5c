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
    /// <summary>No display refreshes faster or slower; a host that says so is not believed.</summary>
    private const long ShortestRefreshNs = SecondNs / 1000, LongestRefreshNs = SecondNs;

    private readonly Func<long, bool> _isHidden;
    private long _vblank, _refresh, _notBefore;

    /// <param name="guest">Whom to ask.</param>
    /// <param name="outputRefreshMilliHz">Of the output's mode, 0 unknown.</param>
    /// <param name="isHidden">Whether nobody looks.</param>
    public Pacer(IGuest guest, int outputRefreshMilliHz, Func<long, bool> isHidden)
    {
        (_guest, _isHidden, _timer) = (guest, isHidden, new LoopTimer(Ask));
        _refresh = DefaultRefreshNs;
        if (outputRefreshMilliHz > 0)
            Shown(0, SecondNs * 1000 / outputRefreshMilliHz);
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
        if (refresh is >= ShortestRefreshNs and <= LongestRefreshNs)
            _refresh = refresh;
    }

    /// <summary>The window can be seen again: no slow question's answer is waited for.</summary>
    public void Wake(long now)
    {
        if (_timer.Due > now + _refresh * 2 && !_isHidden(now) && now >= _notBefore)
            _timer.Set(now);
    }

    /// <summary>The next moment to ask: the margin before the first vblank that is further away than that.</summary>
    internal long Next(long now)
    {
        if (_isHidden(now))
            return now + HiddenRefreshNs;
        var phase = (now + MarginNs - _vblank) % _refresh;
        var next = now + _refresh - phase;
        // A vblank that came a hair later than predicted is not asked for twice.
        return next - now < _refresh / 2 ? next + _refresh : next;
    }

    private void Ask(long now)
    {
        _notBefore = _guest.Ask(now);
        _timer.Set(_notBefore == LoopSource.Never ? LoopSource.Never : Math.Max(Next(now), _notBefore));
    }
}

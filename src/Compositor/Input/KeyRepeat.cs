using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Repeats a held key by wl_keyboard.repeat_info, because a PC's keyboard does, and firmware relies on that. A compositor that
/// hangs cannot report the release: so each repeat waits for the answer to a sync that was sent with the press or repeat before.
/// </summary>
internal sealed class KeyRepeat : IDisposable
{
    /// <summary>Repeats per second; compositors send at most a few hundred.</summary>
    private const int MaxRate = 1000;

    private const long SecondNs = 1_000_000_000, MillisecondNs = 1_000_000;

    private readonly WlDisplay _display;
    private readonly Loop _loop;
    private readonly LoopTimer _timer;
    private readonly Action<uint> _repeat;
    private long _delayNs = 500 * MillisecondNs, _intervalNs = 40 * MillisecondNs;
    private uint _code;
    private int _unanswered;
    private bool _isDue;

    public KeyRepeat(WlDisplay display, Loop loop, Action<uint> repeat)
    {
        (_display, _loop, _repeat) = (display, loop, repeat);
        loop.Add(_timer = new LoopTimer(OnTime));
    }

    /// <summary>A rate of 0 means no repeats; it may arrive while a key is held.</summary>
    public void SetRate(int rate, int delayMs)
    {
        _intervalNs = rate is > 0 and <= MaxRate ? SecondNs / rate : 0;
        _delayNs = Math.Clamp(delayMs, 1, 10_000) * MillisecondNs;
        if (_intervalNs == 0)
            Cancel();
    }

    /// <summary>The key was pressed; it replaces the one before.</summary>
    public void Start(uint code)
    {
        _isDue = false;
        if (_intervalNs == 0)
            return;
        _code = code;
        Ask();
        _timer.Set(Clock.Now + _delayNs);
    }

    /// <summary>The key was released.</summary>
    public void End(uint code)
    {
        if (code == _code)
            Cancel();
    }

    public void Cancel()
    {
        _timer.Cancel();
        _isDue = false;
    }

    public void Dispose()
    {
        Cancel();
        _loop.Remove(_timer);
    }

    private void Ask()
    {
        _unanswered++;
        _display.Sync().Done += (_, _) => OnAnswered();
    }

    /// <summary>The answer to the last sync is also the proof that all events before it were handled.</summary>
    private void OnAnswered()
    {
        _unanswered--;
        if (_isDue)
            OnTime(Clock.Now);
    }

    private void OnTime(long now)
    {
        _isDue = _unanswered > 0;
        if (_isDue)
            return;
        _repeat(_code);
        Ask();
        _timer.Set(now + _intervalNs);
    }
}

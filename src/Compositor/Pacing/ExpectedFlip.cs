namespace Guestplane.Compositor;

/// <summary>The flip of one refresh: whether it was found, and if not, whether it may be a little late.</summary>
internal sealed class ExpectedFlip
{
    /// <summary>From the poll that found nothing to the next one; then twice as long each time.</summary>
    public const long FirstWaitNs = 300_000;

    /// <summary>
    /// A guest flips in each refresh if so many polls have found a flip, of which at most so many are counted. One that finds
    /// none takes back six, so that it is not believed of a guest of 50 Hz on a display of 60 Hz.
    /// </summary>
    private const int Steady = 8, MostFlips = 16, TakenBack = 6;

    /// <summary>
    /// Polls for a flip that may be late: 0.3, 0.9, 2.1 and 4.5 ms after the one that found none. The pacer's room is for the
    /// first.
    /// </summary>
    private const int MostPolls = 4, PollsInTime = 1;

    private bool _isFound;
    private int _flips, _polls;

    /// <summary>True if the flip was found early enough to be shown at the next vblank.</summary>
    public bool IsInTime => _isFound && _polls <= PollsInTime;

    public void Found() => _isFound = true;

    /// <summary>The refresh after it begins.</summary>
    public void Next()
    {
        _flips = _isFound ? Math.Min(_flips + 1, MostFlips) : Math.Max(_flips - TakenBack, 0);
        (_isFound, _polls) = (false, 0);
    }

    /// <summary>How long to wait for it until one more poll, in ns; 0 if it was found or will not come.</summary>
    public long Wait() =>
        _isFound || _flips < Steady || _polls == MostPolls ? 0 : FirstWaitNs << _polls++;
}

using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Has guestplane share poll a display for us, on our listener's connection: one poll at a time. The flips are in the answer.
/// </summary>
internal sealed class SharePoll
{
    /// <summary>A poll that takes longer was held up by something else (the server was stopped, or waited for its GPU).</summary>
    private const long LongestNs = 8_000_000;

    private static readonly byte[] s_path = Bus.ZeroEnded(PlanesInterface.ServerPath);
    private static readonly byte[] s_answer = Bus.ZeroEnded(PlanesInterface.PollTypes);

    private readonly Bus _bus;
    private readonly BusAnswer _answer;
    private readonly Func<BusMessage, bool> _takeFlips;
    private RecentLongest _delay;
    private long _sent, _notBefore;

    // The server answered with an error, or with what makes no sense. It sends the flips by calls then.
    private bool _isOver;

    /// <param name="takeFlips">Reads and raises the flips of an answer. False: the server is to send them by calls.</param>
    public SharePoll(Bus bus, Func<BusMessage, bool> takeFlips) =>
        (_bus, _answer, _takeFlips) = (bus, bus.Answer(OnAnswer), takeFlips);

    /// <summary>How long it takes until the flips that a poll finds are here, ns: of the last ones nearly the slowest.</summary>
    public long Delay => _delay.Ns;

    /// <summary>Polls, unless the last poll is not answered yet. Returns the earliest time of the next one, ns.</summary>
    public long Poll(long now)
    {
        if (_sent != 0 || _isOver)
            return now;
        try
        {
            _bus.Call([], s_path, "org.guestplane.Display1.Planes"u8, "PollFlips"u8).Send(_answer, LoopSource.Never);
            _sent = now;
        }
        catch (BusException)
        {
            // The connection has ended, which Bus.Closed reports.
        }
        return Math.Max(now, _notBefore);
    }

    private bool OnAnswer(BusMessage answer)
    {
        var now = Clock.Now;
        _delay.Add(now - _sent, LongestNs);
        (_sent, _notBefore) = (0, 0);
        _isOver = answer.IsError || !answer.HasSignature(s_answer) || !Take(answer, now);
        return true;
    }

    private bool Take(BusMessage answer, long now)
    {
        try
        {
            var time = answer.ReadUInt64();
            // A server that says nonsense is polled at the refresh.
            if (time < (ulong)(now + LongestBackOffNs))
                _notBefore = (long)time;
            return _takeFlips(answer);
        }
        catch (BusException)
        {
            // The answer ends before the time does.
            return false;
        }
    }

    /// <summary>As long as a vGPU's queries are left alone after an error, at most.</summary>
    private const long LongestBackOffNs = 30_000_000_000;
}

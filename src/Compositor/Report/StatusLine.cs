using System.Text.Unicode;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Counts of all heads together.</summary>
internal readonly record struct Totals(long Flips, long Coalesced, long Presented, long ZeroCopy);

/// <summary>A status line on the terminal, rewritten once per second without allocating, to disturb no measurement.</summary>
internal sealed class StatusLine
{
    private const long PeriodNs = 1_000_000_000;
    private const int MaxBytes = 256;

    private readonly Stream _terminal;
    private readonly Func<Totals> _totals;
    private readonly LoopTimer _timer;
    private Totals _before;

    private StatusLine(Stream terminal, Func<Totals> totals) =>
        (_terminal, _totals, _timer) = (terminal, totals, new LoopTimer(Write));

    /// <summary>Starts the line; null if standard error is no terminal, or little is to be said.</summary>
    public static StatusLine? Start(Loop loop, Func<Totals> totals, Messages messages)
    {
        if (messages.Verbosity == Verbosity.Quiet || !StandardStream.IsTerminal(StandardStream.Error))
            return null;
        var line = new StatusLine(messages.Stream, totals);
        messages.BeforeLine = line.Clear;
        loop.Add(line._timer);
        line._timer.Set(Clock.Now + PeriodNs);
        return line;
    }

    public void Clear() => _terminal.Write("\r\e[K"u8);

    private void Write(long now)
    {
        var (before, totals) = (_before, _totals());
        Span<byte> line = stackalloc byte[MaxBytes];
        if (Utf8.TryWrite(line, $"\r\e[K{totals.Flips - before.Flips} flips/s, {totals.Presented - before.Presented} shown/s, "
            + $"{totals.Presented} shown, {totals.ZeroCopy} zero-copy, {totals.Coalesced} coalesced", out var length))
            _terminal.Write(line[..length]);
        _before = totals;
        _timer.Set(now + PeriodNs);
    }
}

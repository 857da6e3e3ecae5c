using System.Text.Unicode;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>One line on a terminal that says how the show goes, once a second; without an allocation, so that it disturbs no measurement.</summary>
internal sealed class StatusLine
{
    private const long PeriodNs = 1_000_000_000;
    private const int MaxBytes = 256;

    private readonly Stream _terminal;
    private readonly Func<IReadOnlyList<Screen>> _screens;
    private readonly LoopTimer _timer;
    private long _flipsBefore, _presentedBefore;

    private StatusLine(Stream terminal, Func<IReadOnlyList<Screen>> screens) => (_terminal, _screens, _timer) = (terminal, screens, new LoopTimer(Write));

    /// <summary>Starts it where standard error is a terminal; else null.</summary>
    public static StatusLine? Start(Loop loop, Func<IReadOnlyList<Screen>> screens, Messages messages)
    {
        if (!StandardStream.IsTerminal(StandardStream.Error))
            return null;
        var line = new StatusLine(messages.Stream, screens);
        messages.BeforeLine = line.Clear;
        loop.Add(line._timer);
        line._timer.Set(Clock.Now + PeriodNs);
        return line;
    }

    /// <summary>Takes the line off the terminal.</summary>
    public void Clear() => _terminal.Write("\r\e[K"u8);

    private void Write(long now)
    {
        long flips = 0, presented = 0, zeroCopy = 0, coalesced = 0;
        var screens = _screens();
        for (var i = 0; i < screens.Count; i++)
        {
            var screen = screens[i];
            flips += screen.Primary.Stats.Flips;
            coalesced += screen.Primary.Stats.Coalesced;
            presented += screen.Presentation.Presented;
            zeroCopy += screen.Presentation.ZeroCopy;
        }
        Span<byte> line = stackalloc byte[MaxBytes];
        if (Utf8.TryWrite(line, $"\r\e[K{flips - _flipsBefore} flips/s, {presented - _presentedBefore} shown/s, {presented} shown, {zeroCopy} zero-copy, {coalesced} coalesced", out var length))
            _terminal.Write(line[..length]);
        (_flipsBefore, _presentedBefore) = (flips, presented);
        _timer.Set(now + PeriodNs);
    }
}

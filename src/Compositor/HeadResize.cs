using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// Asks a guest to be as large as its window, in device pixels, so that each of its pixels is one of the screen's. Asked
/// when the window has kept a size for a moment: a guest takes a mode switch for each.
/// </summary>
internal sealed class HeadResize : IDisposable
{
    private const long SettlesNs = 100_000_000;

    private readonly Loop _loop;
    private readonly Action<HeadSize>? _resize;
    private readonly LoopTimer _timer;
    private HeadSize _wanted, _asked;

    public HeadResize(Loop loop, Head head, bool isFixed)
    {
        (_loop, _resize) = (loop, isFixed ? null : head.Resize);
        loop.Add(_timer = new LoopTimer(_ => Ask()));
    }

    /// <summary>The window has this size (device pixels), on that output.</summary>
    public void Follow(int width, int height, Output? output)
    {
        if (_resize is null)
            return;
        var wanted = new HeadSize(Math.Min(width, PlaneLayout.MaxSide), Math.Min(height, PlaneLayout.MaxSide),
            Millimetres(width, output?.Mode.Width, output?.Millimetres.Width), Millimetres(height, output?.Mode.Height, output?.Millimetres.Height), output?.RefreshMilliHz ?? 0);
        if (wanted == _wanted)
            return;
        _wanted = wanted;
        _timer.Set(_wanted == _asked ? LoopSource.Never : Clock.Now + SettlesNs);
    }

    /// <summary>Whoever is asked now knows nothing of what was asked before.</summary>
    public void Renew()
    {
        _asked = default;
        if (_wanted != default)
            _timer.Set(Clock.Now + SettlesNs);
    }

    public void Dispose() => _loop.Remove(_timer);

    private void Ask()
    {
        _asked = _wanted;
        _resize!(_wanted);
    }

    /// <summary>0 where the output does not tell: then the guest takes some pitch that is usual.</summary>
    private static int Millimetres(int pixels, int? modePixels, int? modeMm) =>
        modePixels is > 0 and var all && modeMm is > 0 and var mm ? (int)((long)pixels * mm / all) : 0;
}

using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Requests the window's size (device pixels) from the guest once it settles: each is a mode switch.</summary>
internal sealed class HeadResize : IDisposable
{
    private const long SettlesNs = 100_000_000;

    private readonly Loop _loop;
    private readonly Head? _head;
    private readonly LoopTimer _timer;
    private HeadSize _wanted, _requested;

    public HeadResize(Loop loop, Head head, bool isFixed)
    {
        (_loop, _head) = (loop, isFixed ? null : head);
        loop.Add(_timer = new LoopTimer(_ => Request()));
    }

    /// <summary>The window has this size (device pixels), on this output.</summary>
    public void Follow(int width, int height, Output? output)
    {
        if (_head?.Resize is null)
            return;
        var wanted = new HeadSize(Math.Min(width, PlaneLayout.MaxSide), Math.Min(height, PlaneLayout.MaxSide),
            Millimetres(width, output?.Size.Width, output?.Millimetres.Width),
            Millimetres(height, output?.Size.Height, output?.Millimetres.Height), output?.RefreshMilliHz ?? 0);
        if (wanted == _wanted)
            return;
        _wanted = wanted;
        _timer.Set(_wanted == _requested ? LoopSource.Never : Clock.Now + SettlesNs);
    }

    /// <summary>The guest was replaced: request the size again.</summary>
    public void Renew()
    {
        _requested = default;
        if (_wanted != default)
            _timer.Set(Clock.Now + SettlesNs);
    }

    public void Dispose() => _loop.Remove(_timer);

    private void Request()
    {
        _requested = _wanted;
        _head!.Resize?.Invoke(_wanted);
    }

    /// <summary>In mm; 0 if the output does not report its size: the guest then assumes a usual pixel density.</summary>
    private static int Millimetres(int pixels, int? allPixels, int? allMm) =>
        allPixels is > 0 and var all && allMm is > 0 and var mm ? (int)((long)pixels * mm / all) : 0;
}

using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// A vGPU that may not be there yet, or be removed and made again: opened when it is there. Its one head stays the same, so
/// that a window may outlive the device.
/// </summary>
public sealed class VfioReturn : IGuest
{
    /// <summary>Nothing but its name in sysfs says that it is there; to look costs an access(2).</summary>
    private const long LookNs = 250_000_000;

    private readonly Func<IGuest> _open;
    private readonly Loop _loop;
    private readonly LoopTimer _look;
    private readonly Head _head;
    private IGuest _guest;
    private int _dmaBufsBefore;

    private VfioReturn(IGuest guest, Func<IGuest> open, Loop loop)
    {
        (_guest, _open, _loop, _look) = (guest, open, loop, new LoopTimer(_ => TryAgain()));
        // One that comes again has what the first one had.
        _head = new("0") { Resize = guest.Heads[0].Resize is null ? null : size => _guest.Heads[0].Resize?.Invoke(size) };
        Heads = [_head];
        loop.Add(_look);
        Follow();
    }

    public string Source => _guest.Source;

    public IReadOnlyList<Head> Heads { get; }

    public bool IsAsked => true;

    public int DmaBufs => _dmaBufsBefore + _guest.DmaBufs;

    public bool CanReturn => true;

    public event Action<string>? Lost;

    public event Action? Returned;

    /// <summary>Waits until it is there for the first time; null when the loop was stopped before.</summary>
    /// <param name="open">Opens it, or throws <see cref="SourceException"/>.</param>
    /// <param name="loop">Goes on turning meanwhile.</param>
    /// <param name="missing">Told why not, once.</param>
    public static IGuest? Await(Func<IGuest> open, Loop loop, Action<string> missing)
    {
        for (var said = false; !loop.Stopped; said = true, loop.Pause(LookNs))
        {
            try
            {
                return new VfioReturn(open(), open, loop);
            }
            catch (SourceException e) when (e.Fault == SourceFault.NotThere)
            {
                if (!said)
                    missing(e.Message);
            }
        }
        return null;
    }

    public void Start(Loop loop) => _guest.Start(loop);

    public long Ask(long now) => _look.IsSet ? now + LookNs : _guest.Ask(now);

    public void Return() => _look.Set(Clock.Now + LookNs);

    public void Dispose()
    {
        _loop.Remove(_look);
        _guest.Dispose();
    }

    private void TryAgain()
    {
        try
        {
            var guest = _open();
            _dmaBufsBefore += _guest.DmaBufs;
            _guest.Dispose();
            _guest = guest;
        }
        catch (SourceException)
        {
            // Not yet: a device that was just made may also be without its group's node for a moment.
            Return();
            return;
        }
        Follow();
        _guest.Start(_loop);
        Returned?.Invoke();
    }

    private void Follow()
    {
        _guest.Lost += sentence => Lost?.Invoke(sentence);
        _guest.Heads[0].Flipped += _head.Raise;
        _guest.Heads[0].Refused += _head.Refuse;
    }
}

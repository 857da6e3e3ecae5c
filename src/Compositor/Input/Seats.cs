using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>The seats of one connection, shared by all its windows. They come and go at any time.</summary>
internal sealed class Seats : IDisposable
{
    private readonly List<Seat> _seats = [];
    private readonly WindowFocus _windows = new();
    private readonly Loop _loop;

    /// <param name="host">The connection; it is not disposed with the seats.</param>
    /// <param name="loop">Runs the timers of the devices.</param>
    /// <param name="layout">The guest's keyboard layout; null: all key codes are passed through.</param>
    public Seats(Host host, Loop loop, GuestLayout? layout = null)
    {
        (Host, _loop, Layout) = (host, loop, layout);
        host.Globals.Changed += Update;
        Update();
    }

    public Host Host { get; }

    public GuestLayout? Layout { get; }

    public IReadOnlyList<Seat> All => _seats;

    /// <summary>True if input for the guest may come at any moment.</summary>
    public bool AreInUse => _windows.HasInput && (_windows.IsAny || _seats.Exists(seat => seat.IsInUse));

    /// <summary>A seat came or went.</summary>
    public event Action? Changed;

    /// <summary>From now on the window receives its events.</summary>
    public void Add(WindowInput input) => _windows.Add(input);

    public void Remove(WindowInput input)
    {
        foreach (var seat in _seats)
            seat.Forget(input);
        _windows.Remove(input);
    }

    public void Dispose()
    {
        Host.Globals.Changed -= Update;
        foreach (var seat in _seats)
            seat.Dispose();
        _seats.Clear();
    }

    private void Update()
    {
        var globals = Host.Globals;
        List<uint> offered = [.. globals.SeatIds];
        foreach (var gone in _seats.FindAll(seat => !offered.Contains(seat.Id)))
        {
            _seats.Remove(gone);
            gone.Dispose();
        }
        foreach (var id in offered)
            if (!_seats.Exists(seat => seat.Id == id))
                _seats.Add(new Seat(id, globals, _loop, _windows, Layout));
        foreach (var seat in _seats)
            seat.AddTablets();
        Changed?.Invoke();
    }
}

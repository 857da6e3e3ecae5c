using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>The guest's clipboard on each seat of a connection. Seats and the compositor's clipboard come and go.</summary>
internal sealed class Clipboards : IDisposable
{
    private readonly Loop _loop;
    private readonly Seats _seats;
    private readonly IGuestClipboard _guest;
    private readonly Messages _messages;
    private readonly Dictionary<Seat, Clipboard> _clipboards = [];

    public Clipboards(Loop loop, Seats seats, IGuestClipboard guest, Messages messages)
    {
        (_loop, _seats, _guest, _messages) = (loop, seats, guest, messages);
        seats.Changed += Update;
        Update();
    }

    public void Dispose()
    {
        _seats.Changed -= Update;
        foreach (var clipboard in _clipboards.Values)
            clipboard.Dispose();
    }

    private void Update()
    {
        foreach (var (seat, clipboard) in _clipboards.ToList())
            if (!_seats.All.Contains(seat))
            {
                clipboard.Dispose();
                _clipboards.Remove(seat);
            }
        foreach (var seat in _seats.All)
        {
            if (!_clipboards.TryGetValue(seat, out var clipboard))
                _clipboards.Add(seat, clipboard = new Clipboard(_loop, seat, _guest, _messages));
            clipboard.Update(_seats.Host.Globals);
        }
    }
}

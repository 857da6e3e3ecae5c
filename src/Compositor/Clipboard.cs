using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The desktop's clipboard and the guest's, kept the same, text only. The host tells of the desktop's only while a window of
/// ours has the keyboard, and takes the guest's only with the number of a key or click of then.
/// </summary>
internal sealed class Clipboard : IDisposable
{
    /// <summary>What the guest's agent takes at most; a longer text is not passed on.</summary>
    private const int MaxBytes = 1 << 20;

    private static readonly string[] s_text = ["text/plain;charset=utf-8", "text/plain", "UTF8_STRING"];

    /// <summary>Marks what we offer: the host tells us of our own offer, too.</summary>
    private const string Ours = "application/x-guestplane";

    private readonly Loop _loop;
    private readonly IGuestClipboard _guest;
    private readonly WlDataDeviceManager _manager;
    private readonly WlDataDevice _device;
    private readonly Seat _seat;
    private readonly Dictionary<WlDataOffer, HashSet<string>> _offers = [];
    private WlDataOffer? _selection;
    private WlDataSource? _source;
    private bool _isGuestWaiting;

    public Clipboard(Loop loop, Seat seat, WlDataDeviceManager manager, IGuestClipboard guest)
    {
        (_loop, _guest, _manager, _seat) = (loop, guest, manager, seat);
        _device = manager.GetDataDevice(seat.Proxy);
        _device.DataOffer += (_, e) => Learn(e.TakeId());
        _device.Selection += (_, e) => Select(e.Id);
        // Things that are dragged over the window.
        _device.Enter += (_, e) => Forget(e.Id);
        guest.Offered += OnGuestOffered;
        guest.Wanted += OnGuestWants;
        seat.Pressed += OfferGuests;
    }

    public void Dispose()
    {
        _guest.Offered -= OnGuestOffered;
        _guest.Wanted -= OnGuestWants;
        _seat.Pressed -= OfferGuests;
        _source?.Dispose();
        foreach (var offer in _offers.Keys)
            offer.Dispose();
        _device.Dispose();
    }

    private void Learn(WlDataOffer offer)
    {
        var types = new HashSet<string>();
        _offers.Add(offer, types);
        offer.Offer += (_, e) => types.Add(e.MimeType);
    }

    private void Forget(WlDataOffer? offer)
    {
        if (offer is null)
            return;
        _offers.Remove(offer);
        offer.Dispose();
    }

    private void Select(WlDataOffer? offer)
    {
        if (_selection is not null && _selection != offer)
            Forget(_selection);
        _selection = offer;
        if (offer is not null && _offers[offer].Contains(Ours))
            return;
        if (offer is not null && TextType(offer) is not null)
            _guest.Offer();
        else
            _guest.Withdraw();
    }

    private string? TextType(WlDataOffer offer) => Array.Find(s_text, _offers[offer].Contains);

    private void OnGuestWants(Action<byte[]?> answer)
    {
        if (_selection is not { } offer || TextType(offer) is not { } type)
        {
            answer(null);
            return;
        }
        var (read, write) = Pipe.Create();
        using (write)
            offer.Receive(type, write);
        TextTransfer.Read(_loop, read, MaxBytes, answer);
    }

    private void OnGuestOffered(bool offered)
    {
        _isGuestWaiting = offered;
        if (!offered)
        {
            _source?.Dispose();
            _source = null;
        }
        else if (_seat.LastSerial is { } serial)
            OfferGuests(serial);
    }

    /// <summary>With the serial of a key or click of now.</summary>
    private void OfferGuests(uint serial)
    {
        if (!_isGuestWaiting)
            return;
        _isGuestWaiting = false;
        var source = _manager.CreateDataSource();
        foreach (var type in s_text)
            source.Offer(type);
        source.Offer(Ours);
        source.Send += (_, e) => Send(e.TakeFd());
        source.Cancelled += (_, _) =>
        {
            source.Dispose();
            if (_source == source)
                _source = null;
        };
        _device.SetSelection(source, serial);
        _source?.Dispose();
        _source = source;
    }

    private void Send(Fd pipe) => _guest.Fetch(text =>
    {
        if (text is { Length: > 0 })
            TextTransfer.Write(_loop, pipe, text);
        else
            pipe.Dispose();
    });
}

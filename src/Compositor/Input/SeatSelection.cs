using System.Text;
using System.Text.Unicode;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Copies text between one selection of a seat and that of the guest. Who owns it is the guest's <see cref="SelectionOwner"/>;
/// here is only how far the compositor has taken a text of the guest. Compositors ignore a set_selection whose serial is not
/// newer than the selection's (weston, mutter) or that comes from a window without the keyboard, and do not say so.
/// </summary>
internal sealed class SeatSelection : IDisposable
{
    private enum Claim
    {
        /// <summary>The guest has copied nothing, or the desktop has something newer.</summary>
        None,

        /// <summary>The guest has copied, and no set_selection is known to have worked: the next key or click is used.</summary>
        Waiting,

        /// <summary>set_selection was sent, and wl_display.sync after it.</summary>
        Sent,

        /// <summary>Our source is the selection. Another copy in the guest sends nothing: its text is read on demand.</summary>
        Selected,
    }

    private readonly Loop _loop;
    private readonly Seat _seat;
    private readonly SelectionDevice _device;
    private readonly IGuestSelection _guest;
    private readonly Messages _messages;
    private readonly TextReaders _readers;
    private readonly string _markStart = $"{SelectionOffer.MarkStart}{Random.Shared.NextInt64():x}.";
    private readonly DesktopText _read;
    private WlProxy? _source;
    private Claim _claim;
    private int _sources;
    private uint? _serial, _sentSerial;
    private bool _isSelectionDue;

    // Parameters: a seat, its selection, the guest's, and what all of the program's parts have.
    public SeatSelection(Loop loop, Seat seat, SelectionDevice device, IGuestSelection guest, Messages messages)
    {
        (_loop, _seat, _device, _guest, _messages, _serial) = (loop, seat, device, guest, messages, seat.LastSerial);
        _readers = new TextReaders(loop, guest, messages);
        _read = ReadDesktop;
        device.Selected += OnSelected;
        guest.Changed += OnGuestChanged;
        seat.Pressed += OnPressed;
        OnGuestChanged();
    }

    /// <summary>The type that marks our newest source.</summary>
    private string Mark => $"{_markStart}{_sources}";

    public void Dispose()
    {
        _guest.Changed -= OnGuestChanged;
        _seat.Pressed -= OnPressed;
        _guest.Withdraw(_read);
        EndClaim();
        _readers.Dispose();
        _device.Dispose();
    }

    private void OnGuestChanged()
    {
        if (_guest.Owner != SelectionOwner.Guest)
        {
            var wasOurs = _claim == Claim.Selected;
            EndClaim();
            // A program of the desktop may have kept the text that the guest has lost.
            if (_guest.Owner == SelectionOwner.Nobody && !wasOurs && _device.Selection is { HasText: true })
                _guest.Offer(_read);
            return;
        }
        _readers.RequestAll();
        if (_claim == Claim.None)
            _claim = Claim.Waiting;
        Send();
    }

    private void OnPressed(uint serial)
    {
        _serial = serial;
        Send();
    }

    /// <summary>Offers the guest's text to the desktop, with the serial of the last key or click.</summary>
    private void Send()
    {
        // A serial that was ignored once would be ignored again.
        if (_claim != Claim.Waiting || _serial is not { } serial || serial == _sentSerial)
            return;
        var before = _source;
        WlProxy? made = null;
        _sources++;
        made = _source = _device.CreateSource([.. TextType.Offered, Mark], _readers.Add, () => OnCancelled(made!));
        _device.Select(made, serial);
        // After the next one was selected, or the selection would be nobody's in between.
        before?.Dispose();
        (_claim, _sentSerial, _isSelectionDue) = (Claim.Sent, serial, false);
        made.Display.Sync().Done += (_, _) => OnSent(made);
    }

    /// <summary>The compositor has processed set_selection; if it has taken it, it has sent us our own offer.</summary>
    private void OnSent(WlProxy source)
    {
        if (source != _source && _source is not null)
            return;
        if (_claim == Claim.Sent)
            _claim = Claim.Waiting;
        if (_isSelectionDue)
            TakeSelection();
        // A key may have been pressed meanwhile.
        Send();
    }

    private void OnCancelled(WlProxy source)
    {
        source.Dispose();
        if (source != _source)
            return;
        _source = null;
        _claim = _claim == Claim.Sent ? Claim.Waiting : Claim.None;
        _readers.EndWaiting();
    }

    private void OnSelected()
    {
        if (_source is not null && _device.Selection?.Mark == Mark)
            _claim = Claim.Selected;
        else if (_claim == Claim.Sent)
            // It may be older than our request.
            _isSelectionDue = true;
        else
            TakeSelection();
    }

    /// <summary>The desktop's selection is not ours.</summary>
    private void TakeSelection()
    {
        _isSelectionDue = false;
        var isCopyOfGuests = _device.Selection?.Mark?.StartsWith(_markStart, StringComparison.Ordinal) == true;
        if (isCopyOfGuests && _guest.Owner == SelectionOwner.Guest)
            return;
        if (_device.Selection is { HasText: true })
            _guest.Offer(_read);
        else
        {
            _guest.Withdraw(_read);
            if (_device.Selection is not null)
                EndClaim();
        }
    }

    /// <summary>Somebody else has copied, or the guest has lost its text.</summary>
    private void EndClaim()
    {
        _claim = Claim.None;
        // Without our source the selection is nobody's: then a serial that was used counts again.
        if (_source is not null)
            _sentSerial = null;
        _source?.Dispose();
        _source = null;
        _readers.EndWaiting();
    }

    private void ReadDesktop(Action<byte[]?> done)
    {
        if (_device.Selection is not { HasText: true } offer)
        {
            done(null);
            return;
        }
        try
        {
            var (read, write) = Pipe.Create();
            using (write)
                offer.Receive(write);
            TextReceiver.Read(_loop, read, _guest.MaxBytes, text => done(ToGuest(text)));
        }
        catch (LinuxException)
        {
            // No descriptors are left.
            done(null);
        }
    }

    private byte[]? ToGuest(byte[]? text)
    {
        if (text is null)
            return null;
        if (text.Length > _guest.MaxBytes)
        {
            _messages.Warn($"A text that was copied on the desktop is longer than {_guest.MaxBytes >> 20} MiB and cannot be "
                + "pasted in the VM: copy less at a time.");
            return null;
        }
        // STRING is Latin-1 (ICCCM 2.6.2), though most programs offer UTF-8 by that name.
        return Utf8.IsValid(text) ? text : Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(text));
    }
}

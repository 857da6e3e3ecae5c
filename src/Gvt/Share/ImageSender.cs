using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>
/// Sends the images of one plane to one client. The newest flip waits while an earlier one is not answered, so that a slow client
/// misses images and holds up nobody. An image that the client rejects is sent again in the next best way.
/// </summary>
/// <remarks>Its methods throw a <see cref="BusException"/> if the connection has ended or descriptors run out.</remarks>
internal sealed class ImageSender(SharedHead head, ListenerCalls calls, BusAnswer answer)
{
    private Flip _pending, _sent;
    private bool _isDirty, _isRejected;
    private int _awaited;
    private long _ticket;
    private ulong _serial;

    /// <summary>The ways that the client offers and has not rejected; None until they are known.</summary>
    public ListenerWays Ways { get; set; }

    /// <summary>How the newest image was sent.</summary>
    public ListenerWays Way { get; private set; }

    /// <summary>True until the client has answered everything.</summary>
    public bool IsWaiting => _awaited > 0;

    /// <summary>The client gets no image: a clause that says why.</summary>
    public event Action<string>? Failed;

    /// <summary>The client rejected an image in this way, which is not used any more.</summary>
    public event Action<ListenerWays>? Rejected;

    /// <summary>Takes a flip of the plane.</summary>
    public void Take(in Flip flip)
    {
        _serial++;
        _pending = _isDirty ? flip.Over(_pending) with
        {
            Changed = flip.Changed || _pending.Changed,
            Ticket = Math.Max(flip.Ticket, _pending.Ticket),
        } : flip;
        _isDirty = true;
        SendNewest();
    }

    /// <summary>Takes an answer to one of the calls.</summary>
    public void Answered(BusMessage message)
    {
        _awaited--;
        _isRejected |= message.IsError && !message.IsNoAnswer;
        if (_awaited > 0)
            return;
        if (_isRejected && Way != ListenerWays.None)
            StepDown(Way);
        _isRejected = false;
        Release();
        SendNewest();
    }

    /// <summary>Uses this way no more; an image that was sent by it is sent again.</summary>
    public void Withdraw(ListenerWays way)
    {
        Ways &= ~way;
        if (Way != way)
            return;
        _pending = (_isDirty ? _pending : _sent) with { Damage = default, Changed = true };
        (_sent, Way, _isDirty) = (default, ListenerWays.None, true);
    }

    /// <summary>The plane is sent by somebody else from now on.</summary>
    public void Forget() => (_sent, Way, _isDirty) = (default, ListenerWays.None, false);

    private void StepDown(ListenerWays way)
    {
        Withdraw(way);
        Rejected?.Invoke(way);
    }

    /// <summary>Sends the newest flip, if the client has answered for the one before.</summary>
    public void SendNewest()
    {
        if (!_isDirty || _awaited > 0)
            return;
        _isDirty = false;
        _ticket = Math.Max(_ticket, _pending.Ticket);
        if (_pending.Scanout is { IsRetired: false })
            SendImage();
        else if (_sent.Scanout is not null)
            SendOff();
        if (_awaited == 0)
            Release();
    }

    private void SendOff()
    {
        if (Way == ListenerWays.Planes)
            calls.Planes.Flip(_pending with { Scanout = null }, _serial, answer);
        else
            calls.Disable(answer);
        _awaited++;
        (_sent, Way) = (default, ListenerWays.None);
    }

    private void SendImage()
    {
        var way = calls.Best(Ways, _pending);
        if (way == ListenerWays.None)
        {
            Failed?.Invoke($"takes {_pending.Scanout} in none of the ways in which it can be sent");
            return;
        }
        if (way == ListenerWays.Planes)
        {
            SendFlip();
            return;
        }
        var whole = new Rectangle(0, 0, _pending.Source.Width, _pending.Source.Height);
        var isKnown = way == Way && (_sent.Scanout, _sent.Source, _sent.IsBottomUp)
            == (_pending.Scanout, _pending.Source, _pending.IsBottomUp);
        (_sent, Way) = (_pending, way);
        if (!isKnown)
        {
            calls.Scanout(way, _pending, answer);
            _awaited++;
        }
        // A copy is drawn when it is sent; a dma-buf is drawn when the update says so.
        if (!isKnown && way is (ListenerWays.Map or ListenerWays.Bytes))
            return;
        var part = isKnown && !_pending.Damage.IsEmpty ? _pending.Damage.Intersect(whole) : whole;
        if (part.IsEmpty)
            return;
        calls.Update(way, _pending, part, answer);
        _awaited++;
    }

    private void SendFlip()
    {
        if (calls.Planes.Register(_pending.Scanout!, answer))
            _awaited++;
        if (Way != ListenerWays.Planes)
            _pending = _pending with { Damage = default };
        _pending = _pending with { Changed = _pending.Changed || _pending.Scanout != _sent.Scanout };
        (_sent, Way) = (_pending, ListenerWays.Planes);
        calls.Planes.Flip(_pending, _serial, answer);
        _awaited++;
    }

    /// <summary>Tells the guest that it may draw its next frame.</summary>
    public void Release()
    {
        if (_ticket > 0)
            head.Head.Release(_ticket);
        _ticket = 0;
    }
}

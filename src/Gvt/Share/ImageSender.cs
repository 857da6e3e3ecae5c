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
    private NewestFlip _newest;
    private bool _isRejected;
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
        _pending = _newest != NewestFlip.Sent ? flip.Over(_pending) with
        {
            Changed = flip.Changed || _pending.Changed,
            Ticket = Math.Max(flip.Ticket, _pending.Ticket),
        } : flip;
        if (_newest == NewestFlip.Sent)
            _newest = NewestFlip.Waiting;
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
        _pending = (_newest != NewestFlip.Sent ? _pending : _sent) with { Damage = default, Changed = true };
        (_sent, Way, _newest) = (default, ListenerWays.None, NewestFlip.Waiting);
    }

    /// <summary>The plane is sent by somebody else from now on.</summary>
    public void Forget() => (_sent, Way, _newest) = (default, ListenerWays.None, NewestFlip.Sent);

    private void StepDown(ListenerWays way)
    {
        Withdraw(way);
        Rejected?.Invoke(way);
    }

    /// <summary>
    /// Sends the newest flip if the client has answered for the one before. Images of a client that polls wait for its poll:
    /// sooner they would only be commits that the next one replaces.
    /// </summary>
    public void SendNewest()
    {
        var isPlane = IsPlane;
        if (_newest == NewestFlip.Sent || IsWaiting)
            return;
        if (isPlane && IsOn && _newest != NewestFlip.Overdue && calls.Planes.AreInAnswers)
            return;
        TakeNewest();
        if (isPlane)
        {
            calls.Planes.Flip(NextFlip(), _serial, answer);
            _awaited++;
        }
        else if (IsOn)
            SendImage();
        else if (_sent.Scanout is not null)
        {
            calls.Disable(answer);
            _awaited++;
            (_sent, Way) = (default, ListenerWays.None);
        }
        if (!IsWaiting)
            Release();
    }

    /// <summary>Adds the newest flip to the answer to a poll, or sends it if the planes interface is not for it.</summary>
    public void AddNewest(BusCall poll)
    {
        if (_newest == NewestFlip.Sent)
            return;
        if (IsWaiting)
        {
            _newest = NewestFlip.Overdue;
            return;
        }
        if (!IsPlane)
        {
            SendNewest();
            return;
        }
        TakeNewest();
        calls.Planes.Add(poll, NextFlip(), _serial);
        if (!IsWaiting)
            Release();
    }

    private bool IsOn => _pending.Scanout is { IsRetired: false };

    /// <summary>True if the newest flip goes by the planes interface.</summary>
    private bool IsPlane => (IsOn ? calls.Best(Ways, _pending) : Way) == ListenerWays.Planes;

    private void TakeNewest()
    {
        _newest = NewestFlip.Sent;
        _ticket = Math.Max(_ticket, _pending.Ticket);
    }

    /// <summary>What the plane shows now: a dma-buf that the client has, or nothing.</summary>
    private Flip NextFlip()
    {
        if (!IsOn)
        {
            (_sent, Way) = (default, ListenerWays.None);
            return _pending with { Scanout = null };
        }
        if (calls.Planes.Register(_pending.Scanout!, answer))
            _awaited++;
        _sent = _pending with
        {
            Damage = Way == ListenerWays.Planes ? _pending.Damage : default,
            Changed = _pending.Changed || _pending.Scanout != _sent.Scanout,
        };
        Way = ListenerWays.Planes;
        return _sent;
    }

    private void SendImage()
    {
        var way = calls.Best(Ways, _pending);
        if (way == ListenerWays.None)
        {
            // The guest draws for those that see it.
            if (head.Answering > 1)
                _ticket = 0;
            Failed?.Invoke($"takes {_pending.Scanout} in none of the ways in which it can be sent");
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

    /// <summary>Tells the guest that it may draw its next frame.</summary>
    public void Release()
    {
        if (_ticket > 0)
            head.Head.Release(_ticket);
        _ticket = 0;
    }

    /// <summary>What is to become of the newest flip.</summary>
    private enum NewestFlip
    {
        Sent,

        /// <summary>It waits for the answer to the one before, or for a client that polls to do so.</summary>
        Waiting,

        /// <summary>A poll of the client found it, and its answer could not have it: it waits for no other poll.</summary>
        Overdue,
    }
}

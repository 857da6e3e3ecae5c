using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>
/// Sends the planes of a head to one client. Each goes in the best way that fits it, and waits for no other: a cursor moves while
/// the client holds back the next image. Clients that take no planes get no overlay.
/// </summary>
/// <remarks>Its methods throw a <see cref="BusException"/> if the connection has ended or descriptors run out.</remarks>
internal sealed class PlaneSenders
{
    private readonly ListenerCalls _calls;
    private readonly ImageSender _primary, _cursorPlane, _overlay;
    private readonly CursorSender _cursor;

    /// <param name="answer">Makes a handler for answers of one that takes them.</param>
    public PlaneSenders(SharedHead head, ListenerCalls calls, Func<BusHandler, BusAnswer> answer)
    {
        _calls = calls;
        _primary = new(head, calls, answer(message => Answered(_primary!, message)));
        _cursorPlane = new(head, calls, answer(message => Answered(_cursorPlane!, message)));
        _overlay = new(head, calls, answer(message => Answered(_overlay!, message)));
        _cursor = new(head.Cursor, calls, answer(_ =>
        {
            _cursor!.Answered();
            return true;
        }));
        _primary.Failed += why => Failed?.Invoke(why);
        foreach (var sender in (ImageSender[])[_primary, _cursorPlane, _overlay])
            sender.Rejected += way => OnRejected(sender, way);
    }

    /// <summary>The ways that the client offers; None until they are known.</summary>
    public ListenerWays Ways
    {
        set
        {
            _primary.Ways = value;
            _cursorPlane.Ways = _overlay.Ways = value & ListenerWays.Planes;
        }
    }

    /// <summary>How the newest image of the primary plane was sent.</summary>
    public ListenerWays Way => _primary.Way;

    /// <summary>True until the client has answered everything.</summary>
    public bool IsWaiting => _primary.IsWaiting || _cursorPlane.IsWaiting || _overlay.IsWaiting || _cursor.IsWaiting;

    /// <inheritdoc cref="ImageSender.Failed"/>
    public event Action<string>? Failed;

    public void Take(in Flip flip)
    {
        if (flip.Plane == PlaneKind.Primary)
            _primary.Take(flip);
        else if (flip.Plane == PlaneKind.Overlay)
            _overlay.Take(Fits(flip) ? flip : flip with { Scanout = null });
        else if (Fits(flip) || (flip.Scanout is null && _cursor.IsStopped))
        {
            _cursor.Stop();
            _cursorPlane.Take(flip);
        }
        else
        {
            _cursorPlane.Forget();
            _cursor.Send();
        }
    }

    /// <summary>The client polls: flips wait for the answer to its next poll.</summary>
    public void BeginPolls() => _calls.Planes.AreInAnswers = true;

    /// <summary>Adds the newest flips to the answer to a poll.</summary>
    public void AddNewest(BusCall answer)
    {
        _primary.AddNewest(answer);
        _overlay.AddNewest(answer);
        _cursorPlane.AddNewest(answer);
    }

    /// <summary>The client polls no more: flips are calls again.</summary>
    public void EndPolls()
    {
        _calls.Planes.AreInAnswers = false;
        _primary.SendNewest();
        _overlay.SendNewest();
        _cursorPlane.SendNewest();
    }

    /// <inheritdoc cref="ImageSender.Release"/>
    public void Release() => _primary.Release();

    private bool Fits(in Flip flip) =>
        flip.Scanout is { IsRetired: false } && _calls.Best(_overlay.Ways, flip) == ListenerWays.Planes;

    private static bool Answered(ImageSender sender, BusMessage message)
    {
        sender.Answered(message);
        return true;
    }

    /// <summary>A client that rejects one plane gets none by that interface.</summary>
    private void OnRejected(ImageSender rejected, ListenerWays way)
    {
        if (way != ListenerWays.Planes)
            return;
        _calls.Planes.Dispose();
        _primary.Withdraw(way);
        foreach (var sender in (ImageSender[])[_cursorPlane, _overlay])
        {
            sender.Withdraw(way);
            sender.Forget();
        }
        if (_cursor.IsStopped)
            _cursor.Send();
        // The primary plane's own rejection is followed by its next image.
        if (rejected != _primary)
            _primary.SendNewest();
    }
}

using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>Several observers of one plane, called in the order of the list.</summary>
internal sealed class PlaneObservers : PlaneObserver
{
    private readonly PlaneObserver[] _observers;

    private PlaneObservers(PlaneObserver[] observers) => _observers = observers;

    /// <summary>Combines observers into one; those that are null are left out.</summary>
    public static PlaneObserver Of(params PlaneObserver?[] observers) =>
        observers.OfType<PlaneObserver>().ToArray() is [var only]
            ? only : new PlaneObservers([.. observers.OfType<PlaneObserver>()]);

    public override void Polled(long from, long to)
    {
        foreach (var observer in _observers)
            observer.Polled(from, to);
    }

    public override void Flipped(in Flip flip)
    {
        foreach (var observer in _observers)
            observer.Flipped(flip);
    }

    public override void Overtaken(in Flip flip)
    {
        foreach (var observer in _observers)
            observer.Overtaken(flip);
    }

    public override void Committed(in Flip flip, uint buffer, long now)
    {
        foreach (var observer in _observers)
            observer.Committed(flip, buffer, now);
    }

    public override void Taken(long now)
    {
        foreach (var observer in _observers)
            observer.Taken(now);
    }

    public override void BufferReleased(uint buffer)
    {
        foreach (var observer in _observers)
            observer.BufferReleased(buffer);
    }

    public override void Answered(in Frame frame)
    {
        foreach (var observer in _observers)
            observer.Answered(frame);
    }

    public override void Seen()
    {
        foreach (var observer in _observers)
            observer.Seen();
    }

    public override void Settled()
    {
        foreach (var observer in _observers)
            observer.Settled();
    }

    public override void TransportChosen(Scanout scanout, in TransportChoice choice)
    {
        foreach (var observer in _observers)
            observer.TransportChosen(scanout, choice);
    }

    public override void TurnedOver()
    {
        foreach (var observer in _observers)
            observer.TurnedOver();
    }

    public override void FenceOverdue()
    {
        foreach (var observer in _observers)
            observer.FenceOverdue();
    }
}

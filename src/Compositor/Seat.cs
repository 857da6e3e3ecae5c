using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The user's devices, as far as they are known; a pointer may come and go.</summary>
internal sealed class Seat
{
    public Seat(WlSeat proxy)
    {
        Proxy = proxy;
        proxy.Capabilities += (_, e) =>
        {
            HasPointer = e.Capabilities.HasFlag(WlSeatCapability.Pointer);
            Changed?.Invoke();
        };
    }

    public WlSeat Proxy { get; }

    public bool HasPointer { get; private set; }

    public event Action? Changed;
}

using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A seat's primary selection (zwp_primary_selection_device_v1).</summary>
internal sealed class PrimaryDevice : SelectionDevice
{
    private readonly ZwpPrimarySelectionDeviceManagerV1 _manager;
    private readonly ZwpPrimarySelectionDeviceV1 _device;

    public PrimaryDevice(ZwpPrimarySelectionDeviceManagerV1 manager, WlSeat seat)
    {
        (_manager, _device) = (manager, manager.GetDevice(seat));
        _device.DataOffer += (_, e) => AddOffer(e.TakeOffer());
        _device.Selection += (_, e) => SetSelection(e.Id);
    }

    protected override WlProxy Proxy => _device;

    public override WlProxy CreateSource(IEnumerable<string> types, Action<Fd> send, Action cancelled)
    {
        var source = _manager.CreateSource();
        foreach (var type in types)
            source.Offer(type);
        source.Send += (_, e) => send(e.TakeFd());
        source.Cancelled += (_, _) => cancelled();
        return source;
    }

    public override void Select(WlProxy source, uint serial) =>
        _device.SetSelection((ZwpPrimarySelectionSourceV1)source, serial);

    private void AddOffer(ZwpPrimarySelectionOfferV1 proxy)
    {
        var offer = Add(proxy, proxy.Receive);
        proxy.Offer += (_, e) => offer.Add(e.MimeType);
    }
}

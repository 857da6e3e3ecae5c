using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A seat's clipboard (wl_data_device).</summary>
internal sealed class ClipboardDevice : SelectionDevice
{
    private readonly WlDataDeviceManager _manager;
    private readonly WlDataDevice _device;

    public ClipboardDevice(WlDataDeviceManager manager, WlSeat seat)
    {
        (_manager, _device) = (manager, manager.GetDataDevice(seat));
        _device.DataOffer += (_, e) => AddOffer(e.TakeId());
        _device.Selection += (_, e) => SetSelection(e.Id);
        // Something is dragged over the window: drop its offer.
        _device.Enter += (_, e) => Forget(e.Id);
    }

    protected override WlProxy Proxy => _device;

    public override WlProxy CreateSource(IEnumerable<string> types, Action<Fd> send, Action cancelled)
    {
        var source = _manager.CreateDataSource();
        foreach (var type in types)
            source.Offer(type);
        source.Send += (_, e) => send(e.TakeFd());
        source.Cancelled += (_, _) => cancelled();
        return source;
    }

    public override void Select(WlProxy source, uint serial) => _device.SetSelection((WlDataSource)source, serial);

    private void AddOffer(WlDataOffer proxy)
    {
        var offer = Add(proxy, proxy.Receive);
        proxy.Offer += (_, e) => offer.Add(e.MimeType);
    }
}

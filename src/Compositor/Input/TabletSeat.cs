using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A seat's tablets; pads do nothing. The compositor creates all these objects, and each is kept until it is removed: libwayland
/// drops an event with a new object that is sent to a destroyed one, and then rejects the compositor's next object (EINVAL). So
/// the tablet seat itself is kept as long as the seat: no new object is sent for a removed one. It is bound at version 1, which
/// has no dials.
/// </summary>
internal sealed class TabletSeat : IDisposable
{
    private readonly ZwpTabletSeatV2 _proxy;
    private readonly List<Pen> _pens = [];

    // Tablets, tools, and pads with their parts, in the order of their creation.
    private readonly List<WlProxy> _objects = [];

    public TabletSeat(ZwpTabletSeatV2 proxy, WindowFocus windows)
    {
        _proxy = proxy;
        proxy.TabletAdded += (_, e) =>
        {
            var tablet = e.TakeId();
            _objects.Add(tablet);
            tablet.Removed += (_, _) => Remove(tablet);
        };
        proxy.ToolAdded += (_, e) => AddPen(e.TakeId(), windows);
        proxy.PadAdded += (_, e) => KeepPad(e.TakeId());
    }

    /// <summary>True if a pen is near one of our windows.</summary>
    public bool HasPen => _pens.Exists(pen => pen.IsNear);

    /// <summary>The window is closing.</summary>
    public void Forget(WindowInput input) => _pens.ForEach(pen => pen.Forget(input));

    public void Dispose()
    {
        _pens.ForEach(pen => pen.Leave());
        for (var i = _objects.Count - 1; i >= 0; i--)
            _objects[i].Dispose();
        _proxy.Dispose();
    }

    private void AddPen(ZwpTabletToolV2 tool, WindowFocus windows)
    {
        var pen = new Pen(tool, windows);
        _pens.Add(pen);
        _objects.Add(tool);
        tool.Removed += (_, _) =>
        {
            _pens.Remove(pen);
            Remove(tool);
        };
    }

    /// <summary>A removed pad's rings, strips and groups must be destroyed with it (zwp_tablet_pad_v2.removed).</summary>
    private void KeepPad(ZwpTabletPadV2 pad)
    {
        List<WlProxy> parts = [];
        Keep(pad);
        pad.Group += (_, e) =>
        {
            var group = e.TakePadGroup();
            Keep(group);
            group.Ring += (_, ring) => Keep(ring.TakeRing());
            group.Strip += (_, strip) => Keep(strip.TakeStrip());
        };
        pad.Removed += (_, _) =>
        {
            for (var i = parts.Count - 1; i >= 0; i--)
                Remove(parts[i]);
        };

        void Keep(WlProxy part)
        {
            parts.Add(part);
            _objects.Add(part);
        }
    }

    private void Remove(WlProxy made)
    {
        _objects.Remove(made);
        made.Dispose();
    }
}

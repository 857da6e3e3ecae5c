using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The host's touch screen. Its ids may be any numbers; the guest's slots are the lowest that are free.</summary>
internal sealed class Touch : IDisposable
{
    private readonly WlTouch _proxy;
    private readonly List<Finger?> _fingers = [];

    public Touch(WlTouch proxy, WindowFocus windows)
    {
        _proxy = proxy;
        proxy.Down += (_, e) => Down(windows.Of(e.Surface), e.Id, e.X.Value, e.Y.Value);
        proxy.Motion += (_, e) => Move(e.Id, e.X.Value, e.Y.Value);
        proxy.Up += (_, e) => Up(SlotOf(e.Id), TouchKind.End);
        proxy.Cancel += (_, _) => CancelAll();
    }

    public void Dispose()
    {
        CancelAll();
        _proxy.Dispose();
    }

    private void Down(WindowInput? window, int id, double x, double y)
    {
        if (window is null)
            return;
        var slot = _fingers.IndexOf(null);
        if (slot < 0)
        {
            slot = _fingers.Count;
            _fingers.Add(null);
        }
        _fingers[slot] = new(id, window) { X = x, Y = y };
        window.Touch(TouchKind.Begin, slot, x, y);
    }

    private void Move(int id, double x, double y)
    {
        var slot = SlotOf(id);
        if (slot < 0)
            return;
        var finger = _fingers[slot]!;
        (finger.X, finger.Y) = (x, y);
        finger.Window.Touch(TouchKind.Update, slot, x, y);
    }

    private int SlotOf(int id) => _fingers.FindIndex(finger => finger?.Id == id);

    private void Up(int slot, TouchKind kind)
    {
        if (slot < 0 || _fingers[slot] is not { } finger)
            return;
        _fingers[slot] = null;
        finger.Window.Touch(kind, slot, finger.X, finger.Y);
    }

    private void CancelAll()
    {
        for (var slot = 0; slot < _fingers.Count; slot++)
            Up(slot, TouchKind.Cancel);
    }

    private sealed class Finger(int id, WindowInput window)
    {
        public int Id => id;

        public WindowInput Window => window;

        public double X { get; set; }

        public double Y { get; set; }
    }
}

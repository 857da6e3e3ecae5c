using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A touch screen. The compositor's ids may be any numbers. The events of a frame are sent together.</summary>
internal sealed class Touch : IDisposable
{
    private readonly WlTouch _proxy;
    private readonly List<Finger> _fingers = [];

    public Touch(WlTouch proxy, WindowFocus windows)
    {
        _proxy = proxy;
        proxy.Down += (_, e) => Down(windows.Find(e.Surface), e.Id, e.X.Value, e.Y.Value);
        proxy.Motion += (_, e) => Find(e.Id)?.Move(e.X.Value, e.Y.Value);
        proxy.Up += (_, e) => Find(e.Id)?.Lift();
        proxy.Frame += (_, _) => EndFrame();
        proxy.Cancel += (_, _) => Cancel(_ => true);
    }

    /// <summary>The window is closing.</summary>
    public void Forget(WindowInput input) => Cancel(finger => finger.Window == input);

    public void Dispose()
    {
        Cancel(_ => true);
        _proxy.Dispose();
    }

    private void Down(WindowInput? window, int id, double x, double y)
    {
        if (window is not null && Find(id) is null)
            _fingers.Add(new(id, window, x, y));
    }

    /// <summary>Within one frame a finger may be lifted and its id used again.</summary>
    private Finger? Find(int id) => _fingers.Find(finger => finger.Id == id && !finger.IsLifted);

    private void EndFrame()
    {
        for (var i = 0; i < _fingers.Count; i++)
            _fingers[i].Send();
        _fingers.RemoveAll(finger => finger.IsLifted);
    }

    private void Cancel(Predicate<Finger> isMeant)
    {
        foreach (var finger in _fingers.FindAll(isMeant))
        {
            finger.Cancel();
            _fingers.Remove(finger);
        }
    }

    private sealed class Finger(int id, WindowInput window, double x, double y)
    {
        private bool _isSent, _hasMoved;
        private int? _slot;

        public int Id => id;

        public WindowInput Window => window;

        public bool IsLifted { get; private set; }

        public void Move(double toX, double toY) => (x, y, _hasMoved) = (toX, toY, true);

        public void Lift() => IsLifted = true;

        /// <summary>Sends what this frame has of the finger.</summary>
        public void Send()
        {
            if (!_isSent)
                _slot = window.TouchDown(x, y);
            else if (_hasMoved && _slot is { } moved)
                window.TouchMove(moved, x, y);
            (_isSent, _hasMoved) = (true, false);
            if (IsLifted && _slot is { } lifted)
                window.TouchUp(lifted, TouchKind.End, x, y);
        }

        public void Cancel()
        {
            if (_slot is { } slot)
                window.TouchUp(slot, TouchKind.Cancel, x, y);
        }
    }
}

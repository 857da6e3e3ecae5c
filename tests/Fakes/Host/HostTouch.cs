namespace Guestplane.Tests.Fakes;

internal sealed class HostTouch(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private readonly HashSet<int> _fingers = [];

    private static uint Now => (uint)Environment.TickCount64;

    public void Down(HostSurface surface, int finger, double x, double y)
    {
        if (!_fingers.Add(finger))
            throw new InvalidOperationException($"the finger {finger} is down already");
        Send("down", Host.NextSerial(), Now, surface, finger, x, y);
        Send("frame");
    }

    public void Move(int finger, double x, double y)
    {
        if (!_fingers.Contains(finger))
            return;
        Send("motion", Now, finger, x, y);
        Send("frame");
    }

    public void Up(int finger)
    {
        if (!_fingers.Remove(finger))
            return;
        Send("up", Host.NextSerial(), Now, finger);
        Send("frame");
    }

    /// <summary>Lifts the finger and puts it down again, in one frame.</summary>
    public void Tap(HostSurface surface, int finger, double x, double y)
    {
        Send("up", Host.NextSerial(), Now, finger);
        Send("down", Host.NextSerial(), Now, surface, finger, x, y);
        Send("frame");
    }

    /// <summary>The compositor takes the touch over for a gesture of its own.</summary>
    public void Cancel()
    {
        if (_fingers.Count == 0)
            return;
        _fingers.Clear();
        Send("cancel");
    }
}

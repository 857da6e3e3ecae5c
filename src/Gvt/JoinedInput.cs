namespace Guestplane.Gvt;

/// <summary>
/// The input devices of a head whose images have another source. They may come later than the head. Positions are converted
/// from the image's pixels to what the devices take.
/// </summary>
public sealed class JoinedInput : IHeadInput
{
    private IHeadInput? _devices;

    public JoinedInput(Head head) => head.Flipped += OnFlip;

    public bool IsAbsolute => _devices?.IsAbsolute ?? true;

    public bool HasTouch => _devices?.HasTouch == true;

    public LockKeys? Locks => _devices?.Locks;

    public (int Width, int Height) Size { get; private set; }

    public event Action? Changed;

    /// <summary>From now on what is typed and pointed goes there, in all lives of that source.</summary>
    public void Attach(IHeadInput devices)
    {
        _devices = devices;
        devices.Changed += () => Changed?.Invoke();
        Changed?.Invoke();
    }

    public bool HasKey(uint code) => _devices?.HasKey(code) ?? true;

    public void Key(uint code, bool pressed) => _devices?.Key(code, pressed);

    public void Button(uint code, bool pressed) => _devices?.Button(code, pressed);

    public void MoveTo(double x, double y) => At(x, y, (devices, at) => devices.MoveTo(at.X, at.Y));

    public void MoveBy(double dx, double dy) => _devices?.MoveBy(dx, dy);

    public void Wheel(int right120, int down120) => _devices?.Wheel(right120, down120);

    public void Touch(TouchKind kind, int slot, double x, double y) =>
        At(x, y, (devices, at) => devices.Touch(kind, slot, at.X, at.Y));

    /// <summary>The pixel's centre, so that the guest, which rounds down, comes to the same pixel.</summary>
    private void At(double x, double y, Action<IHeadInput, (double X, double Y)> send)
    {
        if (_devices is not { } devices || Size.Width == 0 || Size.Height == 0)
            return;
        var size = devices.Size;
        send(devices, ((Math.Floor(x) + 0.5) * size.Width / Size.Width, (Math.Floor(y) + 0.5) * size.Height / Size.Height));
    }

    private void OnFlip(Flip flip)
    {
        if (flip.Plane == PlaneKind.Primary && flip.Scanout is not null)
            Size = (flip.Source.Width, flip.Source.Height);
    }
}

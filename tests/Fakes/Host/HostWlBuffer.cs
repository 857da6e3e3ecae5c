namespace Guestplane.Tests.Fakes;

internal sealed class HostWlBuffer(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint ShmInvalidFd = 2;

    private BufferStorage? _storage;
    private int _holds;
    private bool _owesRelease;

    public BufferStorage Storage
    {
        get => _storage ?? throw new InvalidOperationException($"{this} has no memory");
        set => _storage = value;
    }

    public int Width => Storage.Width;

    public int Height => Storage.Height;

    /// <summary>True while the compositor may read it; wl_buffer.release is sent when this ends.</summary>
    public bool IsBusy => _holds > 0;

    public void Hold()
    {
        _holds++;
        _owesRelease = false;
    }

    public void Drop()
    {
        if (--_holds > 0)
            return;
        _owesRelease = true;
        SendOwedRelease();
    }

    /// <summary>Also sends the releases that <see cref="HostFaults.NeverRelease"/> held back, once that is off again.</summary>
    public void SendOwedRelease()
    {
        if (!_owesRelease || Destroyed || Host.Faults.NeverRelease)
            return;
        _owesRelease = false;
        Send("release");
    }

    public void CheckBacking()
    {
        if (Storage.Problem() is { } problem)
            throw Fault(ShmInvalidFd, problem);
    }

    public HostBufferInfo Info() => new(
        Client.Number, Id, Storage.Kind, Width, Height, Storage.Format, Storage.Modifier, IsBusy, Destroyed);

    protected override void Freed()
    {
        if (IsBusy && !Client.Closed)
            Host.CountDestroyedInUse();
        _storage?.Dispose();
    }
}

namespace Guestplane.Tests.Fakes;

/// <summary>One refresh of the virtual output; the time is CLOCK_MONOTONIC.</summary>
internal sealed record HostVblank(long Nanoseconds, uint RefreshNanoseconds, ulong Sequence)
{
    public uint Milliseconds => (uint)(Nanoseconds / 1_000_000);
}

internal sealed class HostPresentation(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint ClockMonotonic = 1;

    public override void Bound() => Send("clock_id", Host.Setup.ClockId);

    public override void Handle(Request request)
    {
        if (request.Name == "feedback")
            request.Object<HostSurface>("surface").Pending.Feedbacks.Add(request.New<HostPresentationFeedback>("callback"));
    }
}

internal sealed class HostPresentationFeedback(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint Vsync = 0x1;
    private const uint HwClock = 0x2;
    private const uint HwCompletion = 0x4;
    private const uint ZeroCopy = 0x8;

    public void Present(HostVblank vblank)
    {
        if (Host.Faults.DiscardsNext())
        {
            Discard();
            return;
        }
        foreach (var output in Client.All<HostOutput>())
            Send("sync_output", output);
        var (seconds, nanoseconds) = Math.DivRem(vblank.Nanoseconds, 1_000_000_000);
        var flags = Vsync | HwClock | HwCompletion | (Host.Faults.ZeroCopy ? ZeroCopy : 0);
        Send(
            "presented", (uint)(seconds >> 32), (uint)seconds, (uint)nanoseconds, vblank.RefreshNanoseconds,
            (uint)(vblank.Sequence >> 32), (uint)vblank.Sequence, flags);
        Client.Remove(this);
    }

    public void Discard()
    {
        if (Destroyed)
            return;
        Send("discarded");
        Client.Remove(this);
    }
}

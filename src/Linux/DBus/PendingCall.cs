using System.Runtime.InteropServices;
using static Guestplane.Linux.DBus.Sdbus;

namespace Guestplane.Linux.DBus;

/// <summary>A call of ours that is not answered yet.</summary>
internal sealed unsafe class PendingCall : IDisposable
{
    private readonly GCHandle _self;

    public PendingCall(Bus bus, BusHandler answered, long deadline) =>
        (Bus, Answered, Deadline, _self) = (bus, answered, deadline, GCHandle.Alloc(this));

    public Bus Bus { get; }

    public BusHandler Answered { get; }

    /// <summary>CLOCK_MONOTONIC, ns: after that the answer is late.</summary>
    public long Deadline { get; }

    /// <summary>sd-bus's own handle of the call; 0 before it is sent.</summary>
    public nint Slot { get; set; }

    /// <summary>This, as sd-bus passes it back with the answer.</summary>
    public void* Data => (void*)GCHandle.ToIntPtr(_self);

    public void Dispose()
    {
        if (Slot != 0)
            sd_bus_slot_unref(Slot);
        _self.Free();
    }
}

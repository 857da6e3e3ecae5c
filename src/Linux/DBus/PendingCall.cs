using System.Runtime.InteropServices;
using static Guestplane.Linux.DBus.Sdbus;

namespace Guestplane.Linux.DBus;

/// <summary>A call of ours that is not answered yet.</summary>
internal sealed unsafe class PendingCall : IDisposable
{
    private readonly Action<PendingCall, nint> _arrived;
    private readonly GCHandle _self;

    /// <param name="arrived">Takes this and its answer, as <see cref="Arrive"/> gets it.</param>
    /// <param name="answered">The caller's handler.</param>
    /// <param name="deadline">See <see cref="Deadline"/>.</param>
    public PendingCall(Action<PendingCall, nint> arrived, BusHandler answered, long deadline) =>
        (_arrived, Answered, Deadline, _self) = (arrived, answered, deadline, GCHandle.Alloc(this));

    public BusHandler Answered { get; }

    /// <summary>CLOCK_MONOTONIC, ns: after that the answer is late.</summary>
    public long Deadline { get; private set; }

    /// <summary>True after <see cref="Extend"/>.</summary>
    public bool IsExtended { get; private set; }

    /// <summary>sd-bus's own handle of the call; 0 before it is sent.</summary>
    public nint Slot { get; set; }

    /// <summary>This, as sd-bus passes it back with the answer.</summary>
    public void* Data => (void*)GCHandle.ToIntPtr(_self);

    /// <summary>Waits longer: the answer may be there, and unread.</summary>
    public void Extend(long deadline) => (Deadline, IsExtended) = (deadline, true);

    /// <summary>Hands the answer to the connection, which forgets the call. 0 stands for one that is late.</summary>
    public void Arrive(nint answer) => _arrived(this, answer);

    public void Dispose()
    {
        if (Slot != 0)
            sd_bus_slot_unref(Slot);
        _self.Free();
    }
}

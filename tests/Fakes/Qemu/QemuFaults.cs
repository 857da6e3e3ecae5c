namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>Injected faults, effective as soon as they are set. May be set by any thread.</summary>
public sealed class QemuFaults
{
    /// <summary>The error message of a rejected call.</summary>
    public const string RefusedError = "org.qemu.Display1.Error.Failed";

    private readonly Dictionary<QemuStage, (QemuFault Fault, int Left)> _faults = [];
    private readonly Dictionary<QemuStage, Action> _acts = [];

    /// <summary>Applies the fault the next <paramref name="times"/> times that the stage is reached.</summary>
    public void At(QemuStage stage, QemuFault fault, int times = 1)
    {
        var cannotRefuse = stage is QemuStage.ControlBegin or QemuStage.ListenerRegistered or QemuStage.ListenerBegin
            or QemuStage.ListenerReplay;
        if (fault == QemuFault.Refuse && cannotRefuse)
            throw new ArgumentException($"nothing to refuse at {stage}");
        lock (_faults)
            _faults[stage] = (fault, times);
    }

    /// <summary>Runs an action when the stage is reached next, before QEMU does anything.</summary>
    public void When(QemuStage stage, Action act)
    {
        lock (_faults)
            _acts[stage] = act;
    }

    internal QemuFault Strikes(QemuStage stage)
    {
        Act(stage);
        lock (_faults)
        {
            if (!_faults.TryGetValue(stage, out var set) || set.Left == 0)
                return QemuFault.None;
            _faults[stage] = (set.Fault, set.Left - 1);
            return set.Fault;
        }
    }

    private void Act(QemuStage stage)
    {
        Action? act;
        lock (_faults)
            _acts.Remove(stage, out act);
        act?.Invoke();
    }
}

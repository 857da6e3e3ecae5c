namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Which VM of a bus is meant: by name, UUID or process, or the owner of QEMU's name. It remembers the VM that it has chosen:
/// when that is gone, the next one in the queue is another VM, and is not taken for it.
/// </summary>
internal sealed class BusVmChoice
{
    private readonly Predicate<BusVm> _isMeant;
    private readonly string _what;
    private readonly bool _mayBeFirst;
    private BusVm? _chosen;

    /// <summary>The owners of others with the chosen one's name and UUID.</summary>
    private HashSet<string> _others = [];

    private BusVmChoice(string what, Predicate<BusVm> isMeant, bool mayBeFirst = false) =>
        (_what, _isMeant, _mayBeFirst) = (what, isMeant, mayBeFirst);

    /// <summary>The owner of QEMU's name: the VM that was there first.</summary>
    public static BusVmChoice First() => new("the one that was shown", _ => true, mayBeFirst: true);

    public static BusVmChoice ByName(string name) => new($"named \"{name}\"", vm => vm.Name == name);

    public static BusVmChoice ByUuid(Guid uuid) =>
        new($"the one with UUID {uuid}", vm => Guid.TryParse(vm.Uuid, out var other) && other == uuid);

    public static BusVmChoice ByProcess(int pid) => new($"the process {pid}", vm => vm.Pid == pid);

    /// <summary>By its unique name on the bus.</summary>
    public static BusVmChoice ByOwner(string owner) => new(owner, vm => vm.Owner == owner);

    /// <summary>The VM that is meant; null, and a clause that says why, if there is none or more than one.</summary>
    public BusVm? Choose(IReadOnlyList<BusVm> vms, out string problem)
    {
        var meant = vms.Where(vm => _isMeant(vm) && IsSame(vm)).ToList();
        var all = string.Join(", ", vms);
        problem = vms.Count == 0
            ? "no VM has the name org.qemu on the bus: start QEMU with -display dbus, and guestplane with the same bus"
            : meant.Count == 0 ? $"no VM on the bus is {_what} (there are: {all})"
            : $"several VMs on the bus are {_what}: write qemu:uuid=UUID or qemu:pid=PID (there are: {all})";
        var isClear = meant.Count == 1 || (_mayBeFirst && _chosen is null);
        if (meant.Count == 0 || !isClear)
            return null;
        _chosen = meant[0];
        _others = [.. vms.Where(vm => vm.Owner != _chosen.Owner && IsAlike(vm, _chosen)).Select(vm => vm.Owner)];
        return _chosen;
    }

    /// <summary>True for the VM that was chosen before, also after a restart.</summary>
    private bool IsSame(BusVm vm) => _chosen is null || vm.Owner == _chosen.Owner
        || (IsAlike(vm, _chosen) && !_others.Contains(vm.Owner));

    private static bool IsAlike(BusVm one, BusVm other) => (one.Name, one.Uuid) == (other.Name, other.Uuid);
}

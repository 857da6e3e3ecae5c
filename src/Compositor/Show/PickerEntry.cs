using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Something that can be shown, or why it cannot.</summary>
/// <param name="Source">Null if it cannot be chosen.</param>
/// <param name="Words">Its line in the list.</param>
internal sealed record PickerEntry(string? Source, string Words)
{
    /// <summary>What <c>guestplane list</c> finds. Blocks for a moment, and for seconds if a VM does not answer.</summary>
    public static List<PickerEntry> FindAll()
    {
        using var loop = new Loop();
        return [.. QemuInventory.Find(loop, connection: null).Select(Of), .. VfioInventory.Mediated().Select(Of)];
    }

    private static PickerEntry Of(FoundVm vm)
    {
        var name = Messages.OneLine(vm.Name.Length > 0 ? vm.Name : "a VM without a name");
        return new(vm.Source, vm.By switch
        {
            FoundBy.Libvirt => $"{name}: libvirt",
            FoundBy.Share => $"{Messages.OneLine(Path.GetFileName(vm.Source!))}: guestplane share",
            _ when vm.Source is null => $"{name} (pid {vm.Pid}): QEMU without a QMP socket",
            _ => $"{name} (pid {vm.Pid}): QEMU",
        });
    }

    private static PickerEntry Of(FoundVgpu vgpu) => new(vgpu.Source, $"{vgpu.Type}, {vgpu.Source["vfio:".Length..]}: vGPU");
}

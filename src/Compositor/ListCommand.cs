using System.CommandLine;
using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary><c>guestplane list</c>.</summary>
internal static class ListCommand
{
    public static Command Create(TextWriter output)
    {
        var command = new Command("list", "List the vGPUs of this machine and what their planes show, and the VMs and their consoles.");
        command.SetAction(_ =>
        {
            using var loop = new Loop();
            var (vgpus, vms) = (VfioInventory.Describe().ToList(), QemuInventory.Describe(loop).ToList());
            foreach (var line in vgpus.Count > 0 ? vgpus : ["No vGPU: there is no device in /sys/bus/mdev/devices, and none that vfio has bound."])
                output.WriteLine(line);
            foreach (var line in vms.Count > 0 ? vms : ["No VM: no QEMU with -display dbus is on the session bus, runs as a process that we may see, or is libvirt's."])
                output.WriteLine(line);
        });
        return command;
    }
}

using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Finds the vGPU behind a VM's console, to ask it for its planes in place of QEMU. QEMU asks it from a timer, which runs only
/// while a listener is registered (ui/console.c, gui_setup_refresh; dbus_console_dcl_ops has no dpy_refresh).
/// </summary>
internal class DirectPlanes(string source, Loop loop, PlanesWay way)
{
    /// <summary>Which way was taken, and why; null if the VM's displays are no vGPU's, or QEMU's way was requested.</summary>
    public PlanesChoice? Choice { get; private set; }

    /// <summary>Opens the vGPU. Null if its planes come by QEMU.</summary>
    /// <param name="pid">QEMU; null if it is not known.</param>
    /// <param name="consoles">Those that are shown.</param>
    /// <exception cref="SourceException">They must not come by QEMU. The message is a clause.</exception>
    public IGuest? Choose(int? pid, IReadOnlyList<(ConsoleInfo Info, Head Head)> consoles)
    {
        if (way == PlanesWay.Qemu)
            return null;
        try
        {
            if (Open(pid, consoles) is not { } planes)
                return null;
            Choice = new(PlanesWay.Vfio, $"the device of {Name(pid!.Value)} answers");
            return planes;
        }
        catch (SourceException e) when (way == PlanesWay.Auto)
        {
            Choice = new(PlanesWay.Qemu, Clause(e));
            return null;
        }
        catch (SourceException e)
        {
            throw new SourceException(e.Fault, $"{Clause(e)}; --planes auto leaves the planes to QEMU");
        }
    }

    /// <summary>The VFIO devices of that QEMU whose display has the console's label.</summary>
    protected virtual IReadOnlyList<QemuVfioDevice> Find(int pid, ConsoleInfo console) =>
        QemuCommandLine.Of(pid).VfioDisplays(console.Label);

    /// <summary>Opens QEMU's device for us, too.</summary>
    /// <exception cref="SourceException">The message is a sentence.</exception>
    protected virtual IGuest OpenDevice(int pid, QemuVfioDevice device, Head head) =>
        VfioGuest.OpenConsole(source, loop, pid, device.SysfsPath, way == PlanesWay.Auto && device.HasFirmwareImage, head);

    private IGuest? Open(int? pid, IReadOnlyList<(ConsoleInfo Info, Head Head)> consoles)
    {
        var found = (
            from console in consoles
            let devices = pid is null ? [] : Find(pid.Value, console.Info)
            where devices.Count > 0
            select (Devices: devices, console.Info, console.Head)).ToList();
        return found switch
        {
            [] when way == PlanesWay.Auto => null,
            [] => throw Absent(pid is null ? "the process of its QEMU is not known"
                : $"the command line of {Name(pid.Value)} has no -device vfio-pci,display=on for a console that is shown"),
            [var vgpu, ..] when consoles.Count > 1 =>
                throw Absent($"only a console that is shown alone can be asked directly: --console {vgpu.Info.Id}"),
            [{ Devices.Count: > 1 } vgpu, ..] =>
                throw Absent($"{Name(pid!.Value)} has several devices {vgpu.Info.Label}: give each an id= on its command line"),
            [var vgpu, ..] => OpenDevice(pid!.Value, vgpu.Devices[0], vgpu.Head),
        };
    }

    private static SourceException Absent(string clause) => new(SourceFault.NotThere, clause);

    private static string Clause(SourceException e) => e.Message.TrimEnd('.');

    private static string Name(int pid) => $"{ProcessFds.Name(pid)} (pid {pid})";
}

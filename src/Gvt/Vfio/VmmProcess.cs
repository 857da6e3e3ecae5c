using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// A running VMM whose device we borrow. The device is found among its descriptors, duplicated by pidfd_getfd(2), and closed
/// when the VMM ends: a duplicate keeps the device open, its group busy and (GVT-g) its guest's memory pinned.
/// </summary>
internal static class VmmProcess
{
    // The link targets in /proc/PID/fd of a device that was opened by group, and by node.
    private const string GroupDevice = "anon_inode:[vfio-device]";
    private const string NodePrefix = "/dev/vfio/devices/";

    // The link targets of dma-bufs begin so.
    private const string DmaBufPrefix = "/dmabuf:";

    /// <summary>Opens the process and one of its devices that have display planes.</summary>
    /// <param name="choose">Takes one of them, at least one; null for the first. The others are closed.</param>
    /// <exception cref="SourceException">There is no such process, we may not, or it has no display device.</exception>
    public static (VmmDisplay Display, Fd Process) Borrow(int pid, Func<List<VmmDisplay>, VmmDisplay>? choose = null)
    {
        var process = OpenProcess(pid);
        List<VmmDisplay> displays = [];
        VmmDisplay? chosen = null;
        try
        {
            Collect(displays, process, pid, List(pid).FindAll(fd => fd.Target == GroupDevice || IsNode(fd.Target)));
            chosen = choose?.Invoke(displays) ?? displays[0];
            return (chosen.Value, process);
        }
        catch
        {
            process.Dispose();
            throw;
        }
        finally
        {
            foreach (var display in displays)
                if (display.Device != chosen?.Device)
                    display.Device.Dispose();
        }
    }

    /// <summary>True if the process has a dma-buf of the driver open. It may have those of its own GPU, too.</summary>
    /// <param name="driver">The beginning of its module's name; empty if it is not known.</param>
    public static bool HoldsDmaBufs(int pid, string driver) => List(pid).Exists(fd =>
        fd.Target.StartsWith(DmaBufPrefix, StringComparison.Ordinal)
        && ProcessFds.Info(pid, fd.Number, "exp_name")?.StartsWith(driver, StringComparison.Ordinal) != false);

    private static Fd OpenProcess(int pid)
    {
        try
        {
            return Pidfd.Open(pid);
        }
        catch (LinuxException e)
        {
            throw new SourceException(SourceFault.NotThere, $"There is no process {pid}: {e.Message}.");
        }
    }

    /// <summary>Borrows those of these descriptors that are devices with display planes.</summary>
    internal static void Collect(
        List<VmmDisplay> displays, Fd process, int pid, IReadOnlyList<(int Number, string Target)> devices)
    {
        foreach (var (number, target) in devices)
        {
            if (Duplicate(process, pid, number) is not { } device)
                continue;
            if (device.Serves(VfioAbi.PlaneDmabuf) || device.Serves(VfioAbi.PlaneRegion))
                displays.Add(new(device, new($"/proc/{pid}/fd/{number}"), IsNode(target) ? Mdev.OfNode(target).SysfsPath
                    : ProcessFds.Info(pid, number, "vfio-device-syspath")));
            else
                device.Dispose();
        }
        if (displays.Count == 0)
            throw new SourceException(SourceFault.NotThere, devices.Count == 0
                ? $"{ProcessFds.Name(pid)} (pid {pid}) has no VFIO device open."
                : $"None of the {devices.Count} VFIO devices of {ProcessFds.Name(pid)} (pid {pid}) has display planes.");
    }

    /// <summary>Null if the process has closed this device meanwhile.</summary>
    private static VfioDevice? Duplicate(Fd process, int pid, int number)
    {
        try
        {
            return new VfioDevice(Pidfd.GetFd(process, number));
        }
        catch (LinuxException e) when (e.Errno == Errno.NotPermitted)
        {
            throw NotPermitted(pid);
        }
        catch (LinuxException e) when (e.Errno == Errno.BadFd)
        {
            return null;
        }
        catch (LinuxException e) when (e.Errno == Errno.NoProcess)
        {
            throw Ended(pid);
        }
    }

    private static bool IsNode(string target) => target.StartsWith(NodePrefix, StringComparison.Ordinal);

    private static List<(int Number, string Target)> List(int pid)
    {
        try
        {
            return [.. ProcessFds.List(pid)];
        }
        catch (UnauthorizedAccessException)
        {
            throw NotPermitted(pid);
        }
        catch (IOException)
        {
            throw Ended(pid);
        }
    }

    private static SourceException Ended(int pid) => new(SourceFault.NotThere, $"The process {pid} has ended.");

    private static SourceException NotPermitted(int pid) => new(SourceFault.NotPermitted,
        $"guestplane may not look into {ProcessFds.Name(pid)} (pid {pid}): " +
        "run it as the same user with kernel.yama.ptrace_scope=0, or with CAP_SYS_PTRACE.");
}

using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// A running VMM whose device we borrow: found among its descriptors, duplicated by pidfd_getfd(2), and given up the
/// moment the VMM ends, since a duplicate keeps the device open, its group busy and (GVT-g) its guest's memory pinned.
/// </summary>
internal static class VmmProcess
{
    // What /proc/PID/fd says of a device opened by group, and by node.
    private const string GroupDevice = "anon_inode:[vfio-device]";
    private const string NodePrefix = "/dev/vfio/devices/";

    /// <summary>Opens the process and the first of its devices that has planes.</summary>
    /// <exception cref="SourceException">No such process, not permitted, or no display device in it.</exception>
    public static (VfioDevice Device, Fd Process) Borrow(int pid)
    {
        var process = OpenProcess(pid);
        try
        {
            return (BorrowFrom(process, pid), process);
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

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

    private static VfioDevice BorrowFrom(Fd process, int pid)
    {
        var devices = 0;
        foreach (var number in Candidates(pid))
        {
            devices++;
            VfioDevice device;
            try
            {
                device = new VfioDevice(Pidfd.GetFd(process, number));
            }
            catch (LinuxException e) when (e.Errno == Errno.NotPermitted)
            {
                throw NotPermitted(pid);
            }
            if (device.Serves(VfioAbi.PlaneDmabuf) || device.Serves(VfioAbi.PlaneRegion))
                return device;
            device.Dispose();
        }
        throw new SourceException(SourceFault.NotThere, devices == 0
            ? $"{ProcessFds.Name(pid)} (pid {pid}) has no VFIO device open."
            : $"None of the {devices} VFIO devices of {ProcessFds.Name(pid)} (pid {pid}) has display planes.");
    }

    private static List<int> Candidates(int pid)
    {
        try
        {
            return [.. ProcessFds.Of(pid)
                .Where(fd => fd.Target == GroupDevice || fd.Target.StartsWith(NodePrefix, StringComparison.Ordinal)).Select(fd => fd.Number)];
        }
        catch (UnauthorizedAccessException)
        {
            throw NotPermitted(pid);
        }
    }

    private static SourceException NotPermitted(int pid) => new(SourceFault.NotPermitted,
        $"guestplane may not look into {ProcessFds.Name(pid)} (pid {pid}): run it as the same user with kernel.yama.ptrace_scope=0, or with CAP_SYS_PTRACE.");
}

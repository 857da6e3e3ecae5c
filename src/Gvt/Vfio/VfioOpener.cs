using System.Runtime.CompilerServices;
using System.Text;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// Opens a device: by its group and a container, or by its own node and an iommufd. A failure is one sentence that names the
/// file and the remedy.
/// </summary>
internal static class VfioOpener
{
    private const string Container = "/dev/vfio/vfio";
    private const string Iommu = "/dev/iommu";

    /// <summary>The name of our own processes.</summary>
    private const string ProgramName = "guestplane";

    /// <summary>
    /// Opens a device by its group, which every kernel with VFIO supports, or by its node if there are no groups.
    /// </summary>
    public static VfioDevice Open(Mdev mdev)
    {
        if (!mdev.Exists)
            throw new SourceException(SourceFault.NotThere,
                $"There is no device {mdev.SysfsPath}; \"guestplane list\" shows the vGPUs of this machine, " +
                "and writing a UUID to its type's \"create\" file makes one.");
        if (mdev.Group is { } group && File.Exists(Container))
            return OpenGroup(group, mdev);
        if (mdev.Cdev is { } cdev)
            return OpenCdev(cdev, mdev);
        throw new SourceException(SourceFault.NotThere,
            $"{mdev.Name} ({mdev.Driver}) has neither a group nor a node under /dev/vfio: load vfio_iommu_type1, " +
            "and check that the vfio driver has bound the device.");
    }

    /// <summary>Opens /dev/vfio/devices/vfioN (Documentation/driver-api/vfio.rst, "VFIO Device cdev").</summary>
    public static VfioDevice OpenCdev(string path, Mdev mdev)
    {
        var device = OpenFile(path, mdev);
        Fd? iommu = null;
        try
        {
            if (!File.Exists(Iommu))
                throw new SourceException(SourceFault.NotThere,
                    $"{path} needs {Iommu}: load the iommufd module, or name the device by its UUID.");
            iommu = OpenFile(Iommu, mdev);
            var bind = new BindIommufd { ArgumentSize = (uint)Unsafe.SizeOf<BindIommufd>(), Iommufd = iommu.Number };
            var result = Ioctl.Try(device, VfioAbi.DeviceBindIommufd, ref bind);
            if (result == -Errno.Busy || result == -Errno.Invalid)
                throw Busy(path, mdev);
            CheckOpened(result, $"VFIO_DEVICE_BIND_IOMMUFD on {path}", mdev);
            return new VfioDevice(device, iommu);
        }
        catch
        {
            device.Dispose();
            iommu?.Dispose();
            throw;
        }
    }

    private static VfioDevice OpenGroup(string groupPath, Mdev mdev)
    {
        var container = OpenFile(Container, mdev);
        Fd? group = null;
        try
        {
            group = OpenFile(groupPath, mdev);
            var status = new GroupStatus { ArgumentSize = (uint)Unsafe.SizeOf<GroupStatus>() };
            Check(Ioctl.Try(group, VfioAbi.GroupGetStatus, ref status), $"VFIO_GROUP_GET_STATUS on {groupPath}");
            if ((status.Flags & VfioAbi.GroupViable) == 0)
                throw new SourceException(SourceFault.NotPermitted,
                    $"{groupPath} is not viable: another device of the same IOMMU group is bound to a driver other than vfio.");
            var number = container.Number;
            Check(Ioctl.Try(group, VfioAbi.GroupSetContainer, ref number), $"VFIO_GROUP_SET_CONTAINER on {groupPath}");
            if (Ioctl.Try(container, VfioAbi.SetIommu, VfioAbi.Type1V2Iommu) < 0)
                Check(Ioctl.Try(container, VfioAbi.SetIommu, VfioAbi.Type1Iommu), "VFIO_SET_IOMMU (is vfio_iommu_type1 loaded?)");
            var device = Ioctl.Try(group, VfioAbi.GroupGetDeviceFd, Encoding.UTF8.GetBytes(mdev.Name + '\0'));
            CheckOpened(device, $"VFIO_GROUP_GET_DEVICE_FD of {mdev.Name}", mdev);
            return new VfioDevice(Fd.Own(device), group, container);
        }
        catch
        {
            group?.Dispose();
            container.Dispose();
            throw;
        }
    }

    private static Fd OpenFile(string path, Mdev mdev)
    {
        try
        {
            return Fd.Open(path);
        }
        catch (LinuxException e) when (e.Errno == Errno.Denied || e.Errno == Errno.NotPermitted)
        {
            throw new SourceException(SourceFault.NotPermitted,
                $"guestplane may not open {path} ({FileOwner.Describe(path)}): " +
                (FileOwner.GroupMayWrite(path) ? "run it as a member of that group, or " : "") +
                "give the file to a group of yours by a udev rule.");
        }
        catch (LinuxException e) when (e.Errno == Errno.Busy)
        {
            throw Busy(path, mdev);
        }
        catch (LinuxException e)
        {
            throw new SourceException(SourceFault.NotThere,
                $"There is no {path} to open ({e.Message}): is the vfio module loaded?");
        }
    }

    /// <summary>A device that is open by its group cannot be opened by its node, nor the other way round.</summary>
    private static SourceException Busy(string path, Mdev mdev)
    {
        var holders = new[] { path, mdev.Group, mdev.Cdev }.OfType<string>().Distinct().SelectMany(ProcessFds.Holders).ToList();
        if (holders.Count == 0)
            return new(SourceFault.NotPermitted,
                $"{path} is held by another program (run as root to see which): end it, or show its device by pid:PID.");
        var names = string.Join(", ", holders.Select(holder => $"{holder.Name} (pid {holder.Pid})"));
        return new(SourceFault.NotPermitted, $"{path} is held by {names}: {Remedy(holders, ProcessFds.CommandLine)}.");
    }

    /// <summary>What to do about a device that others hold. At least one does.</summary>
    /// <param name="holders">The processes that have it open.</param>
    /// <param name="arguments">The command line of a process.</param>
    internal static string Remedy(IReadOnlyList<(int Pid, string Name)> holders, Func<int, IReadOnlyList<string>> arguments)
    {
        foreach (var (pid, name) in holders)
            // Two viewers of one vGPU get its dma-bufs twice, which corrupts mbochs (doc/gvt-g.md).
            if (name == ProgramName)
                return arguments(pid) is [_, "share", ..] and var options
                    ? WayToShare(pid, options) : $"end {ProgramName} (pid {pid}) first";
        return $"show its device by pid:{holders[0].Pid}";
    }

    /// <summary>Where a share's displays are, by its options. Without any it has its user's socket, or its unit's.</summary>
    private static string WayToShare(int pid, IReadOnlyList<string> options)
    {
        for (var i = 0; i < options.Count; i++)
        {
            if (options[i] == "--bus" || options[i].StartsWith("--bus=", StringComparison.Ordinal))
                return "it is shared on a bus, so show it from there";
            var path = options[i].StartsWith("--socket=", StringComparison.Ordinal) ? options[i]["--socket=".Length..]
                : options[i] == "--socket" && i + 1 < options.Count ? options[i + 1] : null;
            // A relative path is one of the share's folder.
            if (path is not null)
                return $"it is shared, so show it by qemu:socket={Path.Combine(ProcessFds.Folder(pid) ?? "", path)}";
        }
        return $"it is shared, so show it by its socket ({ProgramName} list has that)";
    }

    /// <summary>Checks the result of the call that opens the device itself.</summary>
    private static void CheckOpened(int result, string call, Mdev mdev)
    {
        // i915/gvt/kvmgt.c: a vGPU that is opened by a process without KVM has no guest.
        if (result == -Errno.NoProcess)
            throw new SourceException(SourceFault.NotThere,
                $"{mdev.Name} can only be opened by its VM: start that, then show it by pid:PID.");
        Check(result, call);
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new SourceException(SourceFault.NotThere, $"{new LinuxException(call, -result).Message}.");
}

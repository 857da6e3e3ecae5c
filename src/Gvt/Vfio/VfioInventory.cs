namespace Guestplane.Gvt.Vfio;

/// <summary>Lists the VFIO devices of the machine and their planes.</summary>
public static class VfioInventory
{
    /// <summary>The source name of each device. No device is opened.</summary>
    public static IEnumerable<string> Words() => Mdev.All().Select(Word);

    /// <summary>The mediated devices without their planes. None is opened: a VMM could not open it meanwhile.</summary>
    public static IEnumerable<FoundVgpu> Mediated() => Mdev.All().Where(mdev => mdev.Type is not null)
        .Select(mdev => new FoundVgpu(Word(mdev), mdev.Type, mdev.Driver, mdev.Group, mdev.Cdev, []));

    /// <summary>All devices. Mediated ones are opened for a moment.</summary>
    public static IEnumerable<FoundVgpu> Find() =>
        Mdev.All().Select(mdev => new FoundVgpu(Word(mdev), mdev.Type, mdev.Driver, mdev.Group, mdev.Cdev, Planes(mdev)));

    // A mediated device is named by its UUID, any other by its path.
    private static string Word(Mdev mdev) => $"vfio:{(mdev.Type is null ? mdev.SysfsPath : mdev.Name)}";

    private static List<string> Planes(Mdev mdev)
    {
        // Opening an idle passthrough device resets it (vfio_pci_core_enable), which listing must not do.
        if (mdev.Type is null)
            return ["not queried: opening it would reset it"];
        try
        {
            using var device = VfioOpener.Open(mdev);
            var edid = device.EdidRegion() is null ? "" : "; takes an EDID";
            if (device.Serves(VfioAbi.PlaneDmabuf))
            {
                PlaneKind[] kinds = [PlaneKind.Primary, PlaneKind.Cursor, PlaneKind.Overlay];
                return [$"serves dma-bufs{edid}", .. kinds.Select(kind => Plane(device, kind, VfioAbi.PlaneDmabuf))];
            }
            if (device.Serves(VfioAbi.PlaneRegion))
                return [$"serves regions{edid}", Plane(device, PlaneKind.Primary, VfioAbi.PlaneRegion)];
            return ["no display planes"];
        }
        catch (SourceException e)
        {
            return [e.Message];
        }
    }

    private static string Plane(VfioDevice device, PlaneKind kind, uint memory)
    {
        var info = device.Plane(kind, memory, out _) ?? default;
        var name = kind.Spelled();
        return info.Format == 0
            ? $"{name}: off"
            : $"{name}: {info.Width}x{info.Height} {new Fourcc(info.Format)} {new Modifier(info.Modifier)}, stride {info.Stride}";
    }
}

using System.Runtime.CompilerServices;

namespace Guestplane.Gvt.Vfio;

/// <summary>Every VFIO device of the machine, opened for a moment and asked what it shows.</summary>
public static class VfioInventory
{
    /// <summary>The words by which each is shown. None is opened.</summary>
    public static IEnumerable<string> Words() => Mdev.All().Select(Word);

    /// <summary>A line per device and per plane, for people.</summary>
    public static IEnumerable<string> Describe()
    {
        foreach (var mdev in Mdev.All())
        {
            yield return $"{Word(mdev)}  {mdev.Type ?? mdev.Driver}, driver {mdev.Driver}, group {mdev.Group ?? "none"}, node {mdev.Cdev ?? "none"}";
            foreach (var line in Planes(mdev))
                yield return "  " + line;
        }
    }

    // The name alone does only for a mediated one.
    private static string Word(Mdev mdev) => $"vfio:{(mdev.Type is null ? mdev.SysfsPath : mdev.Name)}";

    private static List<string> Planes(Mdev mdev)
    {
        // Opening an idle passthrough device resets it (vfio_pci_core_enable): a listing must not.
        if (mdev.Type is null)
            return ["not asked: opening it would reset it"];
        try
        {
            using var device = VfioOpener.Open(mdev);
            var edid = device.EdidRegion() is null ? "" : "; takes an EDID";
            if (device.Serves(VfioAbi.PlaneDmabuf))
                return [$"serves dma-bufs{edid}", .. new[] { PlaneKind.Primary, PlaneKind.Cursor, PlaneKind.Overlay }.Select(kind => Plane(device, kind, VfioAbi.PlaneDmabuf))];
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
        GfxPlaneInfo info = default;
        // Twice: mbochs answers the first query of a mode with ENOMEM.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            info = new GfxPlaneInfo { ArgumentSize = (uint)Unsafe.SizeOf<GfxPlaneInfo>(), Flags = memory, PlaneType = (uint)kind };
            if (device.Query(ref info) == 0)
                break;
            info.Format = 0;
        }
        var name = kind.ToString().ToLowerInvariant();
        return info.Format == 0 ? $"{name}: off" : $"{name}: {info.Width}x{info.Height} {new Fourcc(info.Format)} {new Modifier(info.Modifier)}, stride {info.Stride}";
    }
}

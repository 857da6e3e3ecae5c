namespace Guestplane.Gvt.Qemu;

/// <summary>Where a VM was found.</summary>
public enum FoundBy
{
    /// <summary>The session bus.</summary>
    Bus,

    /// <summary>The command line of a QEMU.</summary>
    Process,
    Libvirt,

    /// <summary>A socket of guestplane share.</summary>
    Share,
}

/// <summary>A VM that can be shown.</summary>
/// <param name="Source">The source that names it; null if there is no way to it.</param>
/// <param name="By">Where it was found.</param>
public sealed record FoundVm(string? Source, FoundBy By)
{
    /// <summary>Empty if it is not known.</summary>
    public string Name { get; init; } = "";

    public string? Uuid { get; init; }

    public int? Pid { get; init; }

    public IReadOnlyList<FoundConsole> Consoles { get; init; } = [];

    /// <summary>Who looks at it through guestplane share, in words.</summary>
    public IReadOnlyList<string> Viewers { get; init; } = [];
}

/// <summary>A console of a VM.</summary>
/// <param name="Id">QEMU's number, which --console takes.</param>
/// <param name="Label">Its device's name.</param>
/// <param name="IsGraphic">False for a text console.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Address">Its device's address; empty for none.</param>
/// <param name="IsAbsolute">Whether its pointer takes positions.</param>
/// <param name="HasTouch">Whether it may have a touch screen.</param>
public sealed record FoundConsole(
    uint Id, string Label, bool IsGraphic, int Width, int Height, string Address, bool IsAbsolute, bool HasTouch);

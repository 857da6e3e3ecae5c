namespace Guestplane.Gvt.Vfio;

/// <summary>A VFIO device of this machine.</summary>
/// <param name="Source">The source that names it.</param>
/// <param name="Type">A mediated device's type; null for a whole device.</param>
/// <param name="Driver">The kernel's driver.</param>
/// <param name="Group">The file of its group; null for none.</param>
/// <param name="Node">Its own file; null for none.</param>
/// <param name="Planes">A line for a person about each plane, or why there is none.</param>
public sealed record FoundVgpu(
    string Source, string? Type, string Driver, string? Group, string? Node, IReadOnlyList<string> Planes);

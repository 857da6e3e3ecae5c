namespace Guestplane.Gvt.Share;

/// <summary>The guest that is shared, as clients see it.</summary>
/// <param name="source">As the user named it.</param>
/// <param name="name">A title for windows.</param>
/// <param name="uuid">That of the vGPU, or zero.</param>
/// <param name="isPolled">See <see cref="IGuest.IsPolled"/>.</param>
public sealed class SharedVm(string source, string name, Guid uuid, bool isPolled = false)
{
    public string Source => source;

    public string Name => name;

    public bool IsPolled => isPolled;

    public string Uuid { get; } = uuid.ToString();
}

namespace Guestplane.Compositor;

/// <summary>A key of the guest's layout, and the modifiers that its symbol needs.</summary>
/// <param name="Code">linux/input-event-codes.h.</param>
/// <param name="Needed">Masks of <see cref="ModifierKeys"/>.</param>
internal readonly record struct LayoutKey(uint Code, uint Needed);

using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The planes interface of guestplane share, beside QEMU's own: what both of its sides need
/// (protocols/dbus/org.guestplane.Display1.xml).
/// </summary>
internal static class PlanesInterface
{
    /// <summary>On a console, listed in its "Interfaces".</summary>
    public const string Console = "org.guestplane.Display1.Console.Planes";

    /// <summary>On the client's listener, listed in its "Interfaces".</summary>
    public const string Listener = "org.guestplane.Display1.Listener.Planes";

    /// <summary>Where the server answers PollFlips, on the listener's connection.</summary>
    public const string ServerPath = "/org/guestplane/Display1/Planes";

    public const string Server = "org.guestplane.Display1.Planes";

    public const string RegisterTypes = "tahuuauauuta{sv}", FlipTypes = "utiiiiuuuuua(iiii)tt", PollTypes = $"ta({FlipTypes})";

    private static readonly byte[] s_flip = Bus.ZeroEnded(FlipTypes), s_flips = Bus.ZeroEnded($"({FlipTypes})");

    /// <summary>The types in a flip, and in an array of flips: they end with NUL.</summary>
    public static ReadOnlySpan<byte> Flip => s_flip;

    /// <inheritdoc cref="Flip"/>
    public static ReadOnlySpan<byte> Flips => s_flips;

    /// <summary>More dma-bufs than a guest flips between on all its planes. Each costs a descriptor on both sides.</summary>
    public const int MostBuffers = 64;

    /// <summary>An option of Register: <see cref="Scanout.Gpu"/>.</summary>
    public const string Gpu = "gpu";

    /// <summary>The bits of Flip's flags.</summary>
    public const uint IsChanged = 1, IsBottomUp = 2;
}

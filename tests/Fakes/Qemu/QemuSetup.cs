namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The configuration of the fake VM. It cannot change once the fake runs.</summary>
public sealed class QemuSetup
{
    public string Name { get; set; } = "fake";

    public string Uuid { get; set; } = "00000000-0000-0000-0000-000000000000";

    /// <summary>The consoles, numbered from 0.</summary>
    public IReadOnlyList<QemuConsoleSetup> Consoles { get; set; } = [new()];

    /// <summary>QEMU 7.x: no MultiTouch, no Interfaces properties, and those of a listener are not read.</summary>
    public bool IsBefore8 { get; set; }

    /// <summary>Adds the Chardev objects of a serial and a parallel port; they do nothing.</summary>
    public bool HasChardevs { get; set; } = true;

    /// <summary>
    /// After which it gives up on UpdateDMABUF and ScanoutMap: QEMU's DBUS_DEFAULT_TIMEOUT (ui/dbus.h) is a second. Longer here,
    /// because a program that would have answered may stand still on a busy machine.
    /// </summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>GDBus's default timeout of synchronous calls: GetAll, Clipboard.Request.</summary>
    public TimeSpan SyncTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>The timeout of a client's Clipboard.Request that the guest does not answer (ui/dbus-clipboard.c).</summary>
    public TimeSpan ClipboardTimeout { get; set; } = TimeSpan.FromSeconds(5);
}

public sealed class QemuConsoleSetup
{
    public string Label { get; set; } = "virtio-vga";

    public uint Head { get; set; }

    /// <summary>"Graphic" or "Text".</summary>
    public string Type { get; set; } = "Graphic";

    public uint Width { get; set; } = 640;

    public uint Height { get; set; } = 480;

    public string DeviceAddress { get; set; } = "pci/0000/02.0";

    public bool IsAbsolute { get; set; }

    /// <summary>A property that no QEMU has yet, before all others of the console.</summary>
    internal DBusVariant? Unknown { get; set; }

    /// <summary>False, as for -vga std: SetUIInfo is an error.</summary>
    public bool TakesUiInfo { get; set; } = true;

    /// <summary>The interface org.qemu.Display1.UIInfo, which was posted for the release after 11.1.</summary>
    public UiInfoAnswer UiInfo { get; set; }

    /// <summary>INPUT_EVENT_SLOTS_MAX (include/ui/input.h).</summary>
    public int MaxSlots { get; set; } = 10;

    /// <summary>
    /// True for virtio-gpu: while an UpdateDMABUF is unanswered, dma-buf scanouts and updates wait. False for VFIO's timer, which
    /// does not check (dbus_gl_refresh queries the device before it checks gl_block).
    /// </summary>
    public bool IsThrottled { get; set; } = true;

    /// <summary>A black surface of the console's size exists from the start, as with "Display output is not active".</summary>
    public bool HasSurface { get; set; } = true;

    /// <summary>Lists the planes interface of guestplane share.</summary>
    public bool HasPlanes { get; set; }

    /// <summary>Answers the polls of listeners (PollFlips): the display is polled, as guestplane share says of one.</summary>
    internal Action<QemuInvocation>? Polled { get; set; }

    /// <summary>Sends MouseSet(0, 0, off) to a new listener (QEMU 8.1 and later).</summary>
    public bool SetsMouseAtStart { get; set; } = true;
}

/// <summary>Whether a console has org.qemu.Display1.UIInfo, and what it says to a size.</summary>
public enum UiInfoAnswer
{
    Absent,
    Taken,

    /// <summary>An error, as if the keys had other names.</summary>
    Refused,

    /// <summary>The same, to the first two calls when the second has come.</summary>
    RefusedLate,
}

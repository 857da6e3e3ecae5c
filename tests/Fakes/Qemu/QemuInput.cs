namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>Input that a client has sent to a console, in the order of arrival.</summary>
public abstract record QemuInput(uint Console);

public sealed record QemuKey(uint Console, uint Qnum, bool IsPressed) : QemuInput(Console);

public sealed record QemuButton(uint Console, uint Button, bool IsPressed) : QemuInput(Console);

public sealed record QemuPosition(uint Console, uint X, uint Y) : QemuInput(Console);

public sealed record QemuMotion(uint Console, int Dx, int Dy) : QemuInput(Console);

public sealed record QemuTouch(uint Console, uint Kind, ulong Slot, double X, double Y) : QemuInput(Console);

/// <summary>Not an input event, but recorded in order with them. The refresh rate (mHz) is null if SetUIInfo was called.</summary>
public sealed record QemuUiInfo(
    uint Console, ushort WidthMm, ushort HeightMm, int XOffset, int YOffset, uint Width, uint Height, uint? RefreshRate = null)
    : QemuInput(Console);

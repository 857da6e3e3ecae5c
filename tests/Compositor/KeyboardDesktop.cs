using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>A VM and a desktop with a keyboard, and what tests do there.</summary>
internal static class KeyboardDesktop
{
    // linux/input-event-codes.h. For these, QEMU's numbers are the same up to F12, and have 0x80 more where the scancode has e0.
    public const uint Esc = 1, Nine = 10, Q = 16, Tab = 15, LeftCtrl = 29, A = 30, LeftShift = 42, LeftAlt = 56, CapsLock = 58, F5 = 63;
    public const uint RightAlt = 100, KpLeftParen = 179, QemuRightAlt = 0xb8;

    // Of the xkb keymap.
    public const uint Shift = 1, Control = 4, AltGr = 128;

    public static QemuDesktop Desktop(string arguments = "", params (string Name, string Value)[] environment)
    {
        var vm = new QemuSetup { Consoles = [new() { Width = 64, Height = 48, IsAbsolute = true }] };
        var desktop = new QemuDesktop(arguments, vm);
        try
        {
            desktop.Start(environment);
            desktop.Wait(h => ShowTests.Root(h) is { WindowGeometry: not null, Buffer: not null } && ShowTests.Primary(h) is { Parent: not null });
            return desktop;
        }
        catch
        {
            desktop.Dispose();
            throw;
        }
    }

    /// <summary>With the focus.</summary>
    public static QemuDesktop Focused(string arguments = "", params (string Name, string Value)[] environment)
    {
        var desktop = Desktop(arguments, environment);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        return desktop;
    }

    public static void Tap(QemuDesktop desktop, uint code)
    {
        desktop.Host.Key(code, true);
        desktop.Host.Key(code, false);
    }

    public static QemuKey Press(uint qnum) => new(0, qnum, true);

    public static QemuKey Release(uint qnum) => new(0, qnum, false);

    /// <summary>Ends the program. Its warnings, but for those of planes.</summary>
    public static string[] Warnings(QemuDesktop desktop) =>
        [.. desktop.End().Messages.Split('\n').Where(line => line.StartsWith("guestplane: warning: ", StringComparison.Ordinal)
            && !line.Contains("warning: head ", StringComparison.Ordinal))];
}

using System.Text;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Hosts;

/// <summary>
/// The hand on a headless host's keyboard and mouse: a client that makes virtual ones. Opcodes are those of
/// virtual-keyboard-unstable-v1.xml and wlr-virtual-pointer-unstable-v1.xml (wlroots).
/// </summary>
internal sealed class VirtualSeat : IDisposable
{
    // linux/input-event-codes.h.
    public const uint Esc = 1, A = 30, LeftCtrl = 29, LeftShift = 42, LeftAlt = 56, F1 = 59, F11 = 87, Up = 103, Left = 105, Right = 106, Down = 108;
    public const uint ButtonLeft = 0x110, ButtonRight = 0x111, ButtonMiddle = 0x112, ButtonSide = 0x113;

    private const uint KeymapFormatXkbV1 = 1, Space = 57, Enter = 28;

    /// <summary>What a notch of a wheel is in wl_pointer.axis.</summary>
    private const double NotchWay = 15;

    private const string Keymap =
        """
        xkb_keymap {
            xkb_keycodes { include "evdev+aliases(qwerty)" };
            xkb_types { include "complete" };
            xkb_compat { include "complete" };
            xkb_symbols { include "pc+us+inet(evdev)" };
        };
        """;

    /// <summary>A US keyboard's rows, with the code of the first key of each.</summary>
    private static readonly (uint First, string Keys, string Shifted)[] s_rows =
    [
        (2, "1234567890-=", "!@#$%^&*()_+"), (16, "qwertyuiop[]", "QWERTYUIOP{}"), (30, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
        (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"), (Space, " ", ""), (Enter, "\n", ""),
    ];

    private readonly RawClient _client;
    private readonly uint _keyboard, _pointer;
    private uint _time;

    public VirtualSeat(HeadlessSway host)
    {
        _client = new RawClient(Path.Combine(host.RuntimeDir, HeadlessSway.DisplayName)).GetRegistry();
        _client.Sync();
        var seat = _client.BindGlobal("wl_seat", 1);
        _keyboard = Make(_client.BindGlobal("zwp_virtual_keyboard_manager_v1", 1), seat);
        _pointer = Make(_client.BindGlobal("zwlr_virtual_pointer_manager_v1", 1), seat);
        var keymap = Encoding.UTF8.GetBytes(Keymap + '\0');
        using var memory = HostFd.Memory("keymap", keymap, _client.Ledger);
        _client.SendFds(_keyboard, 0, [memory], KeymapFormatXkbV1, keymap.Length);
        _client.Sync();
    }

    /// <summary>Presses keys or lets them go, by their codes.</summary>
    public void Keys(bool pressed, params uint[] codes)
    {
        foreach (var code in codes)
            _client.Send(_keyboard, 1, ++_time, code, pressed ? 1u : 0u);
        _client.Sync();
    }

    /// <summary>Sets the modifiers, as bits of the keymap; wvkbd holds no keys for them.</summary>
    public void Modifiers(uint depressed)
    {
        _client.Send(_keyboard, 2, depressed, 0, 0, 0);
        _client.Sync();
    }

    /// <summary>Presses them all, then lets them go.</summary>
    public void Tap(params uint[] codes)
    {
        Keys(true, codes);
        Keys(false, codes);
    }

    /// <summary>What a US keyboard has; "\n" is Enter.</summary>
    public void Type(string text)
    {
        foreach (var letter in text)
        {
            var (first, keys, shifted) = s_rows.First(row => row.Keys.Contains(letter) || row.Shifted.Contains(letter));
            var isShifted = shifted.Contains(letter);
            var code = first + (uint)(isShifted ? shifted : keys).IndexOf(letter);
            Tap(isShifted ? [LeftShift, code] : [code]);
        }
    }

    /// <summary>Of the output.</summary>
    public void MoveTo(int x, int y) => Point(1, x, y, HeadlessSway.Width, HeadlessSway.Height);

    public void MoveBy(double dx, double dy) => Point(0, RawClient.Fixed(dx), RawClient.Fixed(dy));

    public void Button(uint code, bool pressed) => Point(2, code, pressed ? 1u : 0u);

    public void Click(uint code)
    {
        Button(code, true);
        Button(code, false);
    }

    /// <summary>A wheel with steps; down is above 0.</summary>
    public void Wheel(int notches)
    {
        const uint SourceWheel = 0, VerticalScroll = 0;
        _client.Send(_pointer, 5, SourceWheel);
        Point(7, VerticalScroll, RawClient.Fixed(NotchWay * notches), notches);
    }

    public void Dispose() => _client.Dispose();

    private void Point(int request, params object[] words)
    {
        const int Frame = 4;
        _client.Send(_pointer, request, [++_time, .. words]);
        _client.Send(_pointer, Frame);
        _client.Sync();
    }

    /// <summary>Both managers' first request: seat, new id.</summary>
    private uint Make(uint manager, uint seat)
    {
        var id = _client.NewId();
        _client.Send(manager, 0, seat, id);
        return id;
    }
}

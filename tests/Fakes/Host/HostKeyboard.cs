namespace Guestplane.Tests.Fakes;

internal sealed class HostKeyboard(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint XkbV1 = 1;
    private const int Rate = 25;
    private const int DelayMilliseconds = 600;

    private HostSurface? _focus;

    private static uint Now => (uint)Environment.TickCount64;

    /// <summary>Right after get_keyboard.</summary>
    public void Start()
    {
        using var keymap = HostFd.Memory("keymap", "xkb_keymap {};\0"u8, Host.Fds);
        Send("keymap", XkbV1, keymap, (uint)keymap.Size());
        if (Version >= 4)
            Send("repeat_info", Rate, DelayMilliseconds);
    }

    /// <param name="surface">Gets the focus.</param>
    /// <param name="held">Keys that are down already.</param>
    /// <param name="locked">Lock modifiers, as the xkb keymap numbers them.</param>
    public void Enter(HostSurface surface, uint[] held, uint locked)
    {
        Leave();
        _focus = surface;
        Send("enter", Host.NextSerial(), surface, held.SelectMany(BitConverter.GetBytes).ToArray());
        SendModifiers(locked);
    }

    public void Leave()
    {
        if (_focus is { Destroyed: false })
            Send("leave", Host.NextSerial(), _focus);
        _focus = null;
    }

    public void Key(uint code, bool isPressed)
    {
        if (_focus is not null)
            Send("key", Host.NextSerial(), Now, code, isPressed ? 1u : 0u);
    }

    public void SendModifiers(uint locked)
    {
        if (_focus is not null)
            Send("modifiers", Host.NextSerial(), 0u, 0u, locked, 0u);
    }
}

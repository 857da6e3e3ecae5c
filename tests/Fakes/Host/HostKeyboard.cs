namespace Guestplane.Tests.Fakes;

internal sealed class HostKeyboard(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint XkbV1 = 1;
    private const int RepeatRate = 25;
    private const int RepeatDelay = 600;

    private HostSurface? _focus;

    private static uint Now => (uint)Environment.TickCount64;

    /// <summary>Called right after get_keyboard.</summary>
    public void Start()
    {
        SendKeymap(XkbV1, Host.Setup.Keymap, (uint)Host.Setup.Keymap.Length);
        SetRepeat(RepeatRate, RepeatDelay);
    }

    /// <param name="format">1 for a text of xkb, 0 for none.</param>
    /// <param name="content">The file; null for a descriptor that is no file, and would block a reader.</param>
    /// <param name="size">The size that the event names, which need not be the file's.</param>
    public void SendKeymap(uint format, byte[]? content, uint size)
    {
        using var keymap = content is null ? new HostFd(Libc.Eventfd(0, Libc.EFD_CLOEXEC), Host.Fds)
            : HostFd.Memory("keymap", content, Host.Fds);
        Send("keymap", format, keymap, size);
    }

    /// <param name="rate">Repeats per second; 0 for none.</param>
    /// <param name="delay">Milliseconds from the press to the first repeat.</param>
    public void SetRepeat(int rate, int delay)
    {
        if (Version >= 4)
            Send("repeat_info", rate, delay);
    }

    /// <param name="surface">Gets the focus.</param>
    /// <param name="held">Keys that are already down.</param>
    /// <param name="modifiers">With the bits of the xkb keymap.</param>
    public void Enter(HostSurface surface, uint[] held, HostModifiers modifiers)
    {
        Leave();
        _focus = surface;
        Send("enter", Host.NextSerial(), surface, held.SelectMany(BitConverter.GetBytes).ToArray());
        SendModifiers(modifiers);
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

    public void SendModifiers(HostModifiers modifiers)
    {
        if (_focus is not null)
            Send("modifiers", Host.NextSerial(), modifiers.Depressed, modifiers.Latched, modifiers.Locked, modifiers.Group);
    }
}

/// <summary>The arguments of wl_keyboard.modifiers.</summary>
public readonly record struct HostModifiers(uint Depressed, uint Latched = 0, uint Locked = 0, uint Group = 0);

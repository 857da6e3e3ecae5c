namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>One console: its properties, its listeners, and the image that the guest shows on it.</summary>
public sealed partial class QemuConsole : IDisposable
{
    private const string ConsoleInterface = "org.qemu.Display1.Console";
    private const string KeyboardInterface = "org.qemu.Display1.Keyboard";
    private const string MouseInterface = "org.qemu.Display1.Mouse";
    private const string TouchInterface = "org.qemu.Display1.MultiTouch";
    private const string PlanesInterface = "org.guestplane.Display1.Console.Planes";
    private const string UiInfoInterface = "org.qemu.Display1.UIInfo";

    private readonly FakeQemu _qemu;
    private readonly QemuConsoleSetup _setup;
    private readonly List<QemuListener> _listeners = [];
    private uint _width;
    private uint _height;
    private bool _isAbsolute;
    private uint _modifiers;

    internal QemuConsole(FakeQemu qemu, uint id, QemuConsoleSetup setup)
    {
        _qemu = qemu;
        _setup = setup;
        Id = id;
        (_width, _height, _isAbsolute) = (setup.Width, setup.Height, setup.IsAbsolute);
        if (setup.HasSurface)
            _scanout = new QemuByteScanout(_width, _height, _width * 4, QemuByteScanout.X8R8G8B8, new byte[_width * _height * 4]);
        Object = new QemuObject(Path, Interfaces());
    }

    public uint Id { get; }

    public string Path => $"{FakeQemu.Root}/Console_{Id}";

    public (uint Width, uint Height) Size => _qemu.Locked(() => (_width, _height));

    /// <summary>The number of connected listeners that have got the replayed scanout.</summary>
    public int Listeners => _qemu.Locked(() => _listeners.Count);

    /// <summary>The number of listeners since the start.</summary>
    public int ListenersRegistered { get; private set; }

    /// <summary>The optional interfaces of the newest listener.</summary>
    public IReadOnlyList<string> ListenerInterfaces => _qemu.Locked(() => _listeners.LastOrDefault()?.Interfaces.ToList() ?? []);

    /// <summary>The number of bytes that the slowest listener has not read yet.</summary>
    public long Unsent => _qemu.Locked(() => _listeners.Select(listener => listener.Connection.Unsent).DefaultIfEmpty().Max());

    internal QemuObject Object { get; }

    /// <summary>
    /// The guest switches its mode. Width and Height are sent in one signal, as QEMU's main loop combines them.
    /// </summary>
    public void SetSize(uint width, uint height) => _qemu.Act(() => Resize(width, height));

    public void SetAbsolute(bool isAbsolute) => _qemu.Act(() =>
    {
        if (_isAbsolute == isAbsolute)
            return;
        _isAbsolute = isAbsolute;
        Changed(MouseInterface, ("IsAbsolute", "b", isAbsolute));
    });

    /// <summary>The LEDs: 1 scroll, 2 num, 4 caps.</summary>
    public void SetModifiers(uint modifiers) => _qemu.Act(() =>
    {
        if (_modifiers == modifiers)
            return;
        _modifiers = modifiers;
        Changed(KeyboardInterface, ("Modifiers", "u", modifiers));
    });

    /// <summary>QEMU closes the listeners.</summary>
    public void CloseListeners() => _qemu.Act(() =>
    {
        foreach (var listener in _listeners.ToList())
            listener.Connection.Close();
    });

    internal void Joined(QemuListener listener)
    {
        ListenersRegistered++;
        _listeners.Add(listener);
        Replay(listener);
    }

    internal void Left(QemuListener listener)
    {
        if (_listeners.Remove(listener))
            LiftKeys();
    }

    /// <summary>Called by the fake.</summary>
    public void Dispose()
    {
        foreach (var listener in _listeners.ToList())
            listener.Connection.Close();
        _scanout?.Dispose();
        _scanout = null;
    }

    private void Resize(uint width, uint height)
    {
        var changed = new List<(string, string, object)>();
        if (_height != height)
            changed.Add(("Height", "u", height));
        if (_width != width)
            changed.Add(("Width", "u", width));
        (_width, _height) = (width, height);
        if (changed.Count > 0)
            Changed(ConsoleInterface, [.. changed]);
    }

    private void Changed(string name, params IReadOnlyList<(string Name, string Signature, object Value)> changed) =>
        _qemu.Changed(Path, name, changed.Select(c => new DBusEntry(c.Name, new DBusVariant(c.Signature, c.Value))).ToList());

    private string[] SizeInterfaces => _setup.UiInfo == UiInfoAnswer.Absent ? [] : [UiInfoInterface];

    private string[] Planes => _setup.HasPlanes ? [PlanesInterface] : [];

    internal Action<QemuInvocation>? Polled => _setup.Polled;

    private List<QemuInterface> Interfaces()
    {
        var console = new QemuInterface(ConsoleInterface);
        if (_setup.Unknown is { } unknown)
            console.Property("What", unknown.Signature, () => unknown.Value);
        console
            .Property("Label", "s", () => _setup.Label)
            .Property("Head", "u", () => _setup.Head)
            .Property("Type", "s", () => _setup.Type)
            .Property("Width", "u", () => _width)
            .Property("Height", "u", () => _height)
            .Property("DeviceAddress", "s", () => _setup.DeviceAddress)
            .Method("RegisterListener", "h", RegisterListener)
            .Method("SetUIInfo", "qqiiuu", SetUiInfo);
        List<QemuInterface> all =
        [
            _qemu.WithInterfaces(console, [KeyboardInterface, MouseInterface, TouchInterface, .. SizeInterfaces, .. Planes]), .. SizeInterfaces.Select(UiInfo),
            Keyboard(), Mouse(), Touch(),
        ];
        if (_qemu.Setup.IsBefore8)
            all.RemoveAt(all.Count - 1);
        if (_setup.Polled is not null)
            all.Add(new QemuInterface(PlanesInterface).Property("IsPolled", "b", () => true));
        return all;
    }
}

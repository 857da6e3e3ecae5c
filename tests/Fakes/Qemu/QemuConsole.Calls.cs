using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>Actions of the guest. They are sent to every listener, and the last scanout to each later listener.</summary>
public sealed partial class QemuConsole
{
    private readonly Queue<Action> _commands = new();
    private readonly List<QemuCall> _updates = [];
    private readonly List<QemuCall> _maps = [];
    private QemuScanout? _scanout;
    private int _blocks;

    /// <summary>All UpdateDMABUF calls, in the order of sending.</summary>
    public IReadOnlyList<QemuCall> Updates => _qemu.Locked(() => _updates.ToList());

    /// <summary>All ScanoutMap calls.</summary>
    public IReadOnlyList<QemuCall> Maps => _qemu.Locked(() => _maps.ToList());

    /// <summary>The number of UpdateDMABUF calls that QEMU gave up on; the guest's display was blocked for each.</summary>
    public int Stalls => _qemu.Locked(() => _updates.Count(call => call.IsTimedOut));

    /// <summary>An UpdateDMABUF is unanswered (graphic_hw_gl_block).</summary>
    public bool IsGlBlocked => _qemu.Locked(() => _blocks > 0);

    /// <summary>The number of guest commands that wait for the answer to an UpdateDMABUF.</summary>
    public int Waiting => _qemu.Locked(() => _commands.Count);

    public void Scanout(uint width, uint height, uint stride, uint format, byte[] data) =>
        _qemu.Act(() => Replace(new QemuByteScanout(width, height, stride, format, data)));

    public void Update(int x, int y, int width, int height, uint stride, uint format, byte[] data) =>
        Tell("Update", "iiiiuuay", x, y, width, height, stride, format, data);

    public void ScanoutMap(SafeHandle memory, uint offset, uint width, uint height, uint stride, uint format) => _qemu.Act(() =>
        Replace(new QemuMapScanout(QemuRawMessage.Duplicates([memory], _qemu.Fds)[0], offset, width, height, stride, format)));

    /// <summary>UpdateMap, or Update with bytes to a listener that has not mapped the memory.</summary>
    public void UpdateMap(int x, int y, int width, int height) => _qemu.Act(() => UpdateAll(x, y, width, height));

    public void ScanoutDmabuf(
        SafeHandle dmabuf, uint width, uint height, uint stride, uint fourcc, ulong modifier = 0, bool isTopFirst = true) =>
        ScanoutDmabuf(isOld: true, new QemuDmabuf
        {
            Fds = [dmabuf],
            Width = width,
            Height = height,
            Strides = [stride],
            Fourcc = fourcc,
            Modifier = modifier,
            IsTopFirst = isTopFirst,
        });

    /// <summary>A listener without ScanoutDMABUF2 gets the old call, if there is only one plane.</summary>
    public void ScanoutDmabuf2(QemuDmabuf image) => ScanoutDmabuf(isOld: false, image);

    public void UpdateDmabuf(int x, int y, int width, int height) => Command(() =>
    {
        foreach (var listener in _listeners.ToList())
            UpdateDmabuf(listener, x, y, width, height);
    });

    public void Disable() => Command(() => TellAll("Disable", ""));

    public void MouseSet(int x, int y, bool on) => Tell("MouseSet", "iii", x, y, on ? 1 : 0);

    public void CursorDefine(int width, int height, int hotX, int hotY, byte[] argb) =>
        Tell("CursorDefine", "iiiiay", width, height, hotX, hotY, argb);

    /// <summary>Sends any message to every listener.</summary>
    public void SendRaw(QemuRawMessage message) =>
        _qemu.Act(() => _listeners.ForEach(to => message.Send(to.Connection, _qemu.Fds)));

    /// <summary>Sends any bytes to every listener.</summary>
    public void SendBytes(byte[] bytes, params IReadOnlyList<SafeHandle> fds) =>
        _qemu.Act(() => _listeners.ForEach(to => to.Connection.SendBytes(bytes, QemuRawMessage.Duplicates(fds, _qemu.Fds))));

    internal void UpdateDmabuf(QemuListener listener, int x, int y, int width, int height)
    {
        _blocks++;
        _updates.Add(listener.Call(
            QemuListener.Listener, "UpdateDMABUF", "iiii", _ => _qemu.MainLoop.Post(Unblocked), x, y, width, height));
    }

    /// <summary>ScanoutMap is synchronous: QEMU is blocked until the answer.</summary>
    internal void Map(QemuListener listener, Action<DBusMessage?> then, params IReadOnlyList<object> values)
    {
        _qemu.MainLoop.Block("ScanoutMap");
        _maps.Add(listener.Call(
            QemuListener.UnixMap, "ScanoutMap", "huuuuu", reply => _qemu.MainLoop.Unblock(() => then(reply)), values));
    }

    private void ScanoutDmabuf(bool isOld, QemuDmabuf image)
    {
        // The test may close its descriptors before the command runs.
        var fds = QemuRawMessage.Duplicates(image.Fds, _qemu.Fds);
        Command(() => Replace(new QemuDmabufScanout(image, fds, isOld)));
    }

    /// <summary>virtio-gpu's queue is stopped while gl_block is set.</summary>
    private void Command(Action command) => _qemu.Act(() =>
    {
        if (_setup.IsThrottled && (_blocks > 0 || _commands.Count > 0))
            _commands.Enqueue(command);
        else
            command();
    });

    private void Unblocked()
    {
        _blocks--;
        while (_blocks == 0 && _commands.TryDequeue(out var command))
            command();
    }

    private void Tell(string member, string signature, params IReadOnlyList<object> values) =>
        _qemu.Act(() => TellAll(member, signature, values));

    private void TellAll(string member, string signature, params IReadOnlyList<object> values) =>
        _listeners.ForEach(listener => listener.Tell(QemuListener.Listener, member, signature, values));

    private void UpdateAll(int x, int y, int width, int height)
    {
        foreach (var listener in _listeners.ToList())
            _scanout?.Update(this, listener, x, y, width, height);
    }

    private void Replace(QemuScanout scanout)
    {
        _scanout?.Dispose();
        _scanout = scanout;
        Resize(scanout.Width, scanout.Height);
        ShowAll(scanout, new Queue<QemuListener>(_listeners));
    }

    private void ShowAll(QemuScanout scanout, Queue<QemuListener> listeners)
    {
        if (listeners.TryDequeue(out var listener))
            scanout.Show(this, listener, () => ShowAll(scanout, listeners));
    }

    private void Replay(QemuListener listener)
    {
        if (_scanout is { } scanout)
            scanout.Show(this, listener, () => SetMouse(listener));
        else
            SetMouse(listener);
    }

    private void SetMouse(QemuListener listener)
    {
        if (_setup.SetsMouseAtStart && !_qemu.Setup.IsBefore8)
            listener.Tell(QemuListener.Listener, "MouseSet", "iii", 0, 0, 0);
    }
}

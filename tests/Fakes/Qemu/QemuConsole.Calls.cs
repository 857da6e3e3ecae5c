using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>What the guest does; it goes to every listener, and the last scanout to each later one.</summary>
public sealed partial class QemuConsole
{
    private readonly Queue<Action> _commands = new();
    private readonly List<QemuCall> _updates = [];
    private readonly List<QemuCall> _maps = [];
    private QemuScanout? _scanout;
    private QemuTimer? _flood;
    private int _blocks;

    /// <summary>Every UpdateDMABUF, in the order of sending.</summary>
    public IReadOnlyList<QemuCall> Updates => _qemu.Locked(() => _updates.ToList());

    /// <summary>Every ScanoutMap.</summary>
    public IReadOnlyList<QemuCall> Maps => _qemu.Locked(() => _maps.ToList());

    /// <summary>UpdateDMABUFs that QEMU gave up on: the guest's display stood still for that long.</summary>
    public int Stalls => _qemu.Locked(() => _updates.Count(call => call.IsTimedOut));

    /// <summary>An UpdateDMABUF is unanswered (graphic_hw_gl_block).</summary>
    public bool IsGlBlocked => _qemu.Locked(() => _blocks > 0);

    /// <summary>Commands of the guest that wait for the answer to an UpdateDMABUF.</summary>
    public int Waiting => _qemu.Locked(() => _commands.Count);

    public void Scanout(uint width, uint height, uint stride, uint format, byte[] data) =>
        _qemu.Act(() => Replace(new QemuByteScanout(width, height, stride, format, data)));

    public void Update(int x, int y, int width, int height, uint stride, uint format, byte[] data) =>
        Tell("Update", "iiiiuuay", x, y, width, height, stride, format, data);

    public void ScanoutMap(SafeHandle memory, uint offset, uint width, uint height, uint stride, uint format) => _qemu.Act(() =>
        Replace(new QemuMapScanout(QemuRawMessage.Duplicates([memory], _qemu.Fds)[0], offset, width, height, stride, format)));

    /// <summary>An UpdateMap, or an Update with bytes to a listener that has not mapped.</summary>
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

    /// <summary>To a listener without ScanoutDMABUF2 the old call, if it has only one plane.</summary>
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

    /// <summary>Updates of the whole scanout by the timer, as QEMU's own; 0 stops it.</summary>
    public void Flood(int perSecond) => _qemu.Act(() =>
    {
        _flood?.Cancel();
        _flood = perSecond == 0 ? null : _qemu.Timers.After(TimeSpan.Zero, () => Refresh(HostClock.Now, perSecond));
    });

    /// <summary>Any message, to every listener.</summary>
    public void SendRaw(QemuRawMessage message) =>
        _qemu.Act(() => _listeners.ForEach(to => message.Send(to.Connection, _qemu.Fds)));

    /// <summary>Any bytes, to every listener.</summary>
    public void SendBytes(byte[] bytes, params IReadOnlyList<SafeHandle> fds) =>
        _qemu.Act(() => _listeners.ForEach(to => to.Connection.SendBytes(bytes, QemuRawMessage.Duplicates(fds, _qemu.Fds))));

    internal void UpdateDmabuf(QemuListener listener, int x, int y, int width, int height)
    {
        _blocks++;
        _updates.Add(listener.Call(
            QemuListener.Listener, "UpdateDMABUF", "iiii", _ => _qemu.MainLoop.Post(Unblocked), x, y, width, height));
    }

    /// <summary>ScanoutMap is synchronous: QEMU stands still until the answer.</summary>
    internal void Map(QemuListener listener, Action<DBusMessage?> then, params IReadOnlyList<object> values)
    {
        _qemu.MainLoop.Block("ScanoutMap");
        _maps.Add(listener.Call(
            QemuListener.UnixMap, "ScanoutMap", "huuuuu", reply => _qemu.MainLoop.Unblock(() => then(reply)), values));
    }

    private void ScanoutDmabuf(bool isOld, QemuDmabuf image)
    {
        // The test may close its own before the command's turn comes.
        var fds = QemuRawMessage.Duplicates(image.Fds, _qemu.Fds);
        Command(() => Replace(new QemuDmabufScanout(image, fds, isOld)));
    }

    /// <summary>virtio-gpu's queue stands still while gl_block is set.</summary>
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

    /// <summary>What was due since the last time comes at once; a throttled guest's becomes one update (dbus_gl_refresh).</summary>
    private void Refresh(long due, int perSecond)
    {
        var period = 1_000_000_000L / perSecond;
        for (; due <= HostClock.Now; due += period)
            if (!_setup.IsThrottled || _blocks == 0)
                _qemu.MainLoop.Post(() => UpdateAll(0, 0, (int)_width, (int)_height));
        _flood = _qemu.Timers.After(TimeSpan.FromMicroseconds((due - HostClock.Now) / 1000), () => Refresh(due, perSecond));
    }
}

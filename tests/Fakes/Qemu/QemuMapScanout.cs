namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>Shared memory (gl=off). Sent as bytes to a listener that cannot map it or whose ScanoutMap failed.</summary>
internal sealed class QemuMapScanout(HostFd memory, uint offset, uint width, uint height, uint stride, uint format)
    : QemuScanout(width, height)
{
    public override void Show(QemuConsole console, QemuListener listener, Action then)
    {
        listener.IsMapped = false;
        if (!listener.CanMap)
            Bytes().Show(console, listener, then);
        else
            console.Map(listener, reply => Mapped(console, listener, reply is not null, then),
                memory.Handle, offset, Width, Height, stride, format);
    }

    public override void Update(QemuConsole console, QemuListener listener, int x, int y, int width, int height)
    {
        if (listener.IsMapped)
            listener.Tell(QemuListener.UnixMap, "UpdateMap", "iiii", x, y, width, height);
        else
            Bytes().Update(console, listener, x, y, width, height);
    }

    protected override void Free() => memory.Dispose();

    /// <summary>QEMU does not retry after an error (dbus_scanout_map).</summary>
    private void Mapped(QemuConsole console, QemuListener listener, bool isDone, Action then)
    {
        listener.CanMap = listener.IsMapped = isDone;
        if (isDone)
            listener.Tell(QemuListener.UnixMap, "UpdateMap", "iiii", 0, 0, (int)Width, (int)Height);
        else if (!listener.Connection.IsClosed)
            Bytes().Show(console, listener, () => { });
        then();
    }

    private QemuByteScanout Bytes() => new(Width, Height, stride, format, memory.Read(offset, (int)(stride * Height)));
}

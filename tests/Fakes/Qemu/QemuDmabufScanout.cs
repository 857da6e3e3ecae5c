namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A dma-buf, sent with the old or the new call.</summary>
internal sealed class QemuDmabufScanout(QemuDmabuf image, List<HostFd> fds, bool isOld) : QemuScanout(image.Width, image.Height)
{
    public override void Show(QemuConsole console, QemuListener listener, Action then)
    {
        listener.IsMapped = false;
        if (!isOld && listener.Interfaces.Contains(QemuListener.ScanoutDmabuf2))
            ShowNew(listener);
        else if (image.Strides.Count == 1)
            ShowOld(listener);
        // Several planes cannot be sent to an old listener: QEMU drops them (dbus_scanout_texture).
        then();
    }

    public override void Update(QemuConsole console, QemuListener listener, int x, int y, int width, int height) =>
        console.UpdateDmabuf(listener, x, y, width, height);

    protected override void Free()
    {
        foreach (var fd in fds)
            fd.Dispose();
    }

    private void ShowOld(QemuListener listener) => listener.Tell(QemuListener.Listener, "ScanoutDMABUF", "huuuutb",
        fds[0].Handle, Width, Height, image.Strides[0], image.Fourcc, image.Modifier, image.IsTopFirst);

    private void ShowNew(QemuListener listener) => listener.Tell(QemuListener.ScanoutDmabuf2, "ScanoutDMABUF2",
        "ahuuuuauauuuuutb", fds.Select(fd => (object)fd.Handle).ToList(), image.X, image.Y, Width, Height,
        image.Offsets.Cast<object>().ToList(), image.Strides.Cast<object>().ToList(), image.Planes ?? (uint)image.Strides.Count,
        image.Fourcc, image.BackingWidth ?? Width, image.BackingHeight ?? Height, image.Modifier, image.IsTopFirst);
}

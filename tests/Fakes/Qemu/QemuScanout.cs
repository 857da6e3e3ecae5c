namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The image of a console: sent to its listeners, and again to each new one.</summary>
internal abstract class QemuScanout(uint width, uint height) : IDisposable
{
    public uint Width { get; } = width;

    public uint Height { get; } = height;

    /// <summary>The continuation runs when QEMU's main loop would continue.</summary>
    public abstract void Show(QemuConsole console, QemuListener listener, Action then);

    public abstract void Update(QemuConsole console, QemuListener listener, int x, int y, int width, int height);

    public void Dispose() => Free();

    protected virtual void Free()
    {
    }
}

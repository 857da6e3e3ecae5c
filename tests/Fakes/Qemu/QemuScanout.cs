namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>What a console shows: sent to its listeners, and again to each new one.</summary>
internal abstract class QemuScanout(uint width, uint height) : IDisposable
{
    public uint Width { get; } = width;

    public uint Height { get; } = height;

    /// <summary>The continuation runs once QEMU's main loop would go on.</summary>
    public abstract void Show(QemuConsole console, QemuListener listener, Action then);

    public abstract void Update(QemuConsole console, QemuListener listener, int x, int y, int width, int height);

    public void Dispose() => Free();

    protected virtual void Free()
    {
    }
}

using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A window in libdecor's frame, on hosts that draw none (GNOME, weston).</summary>
internal sealed class FramedRole : WindowRole
{
    private readonly LibdecorFrame _frame;
    private (int Width, int Height) _size = Window.MinSize;

    public FramedRole(LibdecorFrame frame, WlSurface root)
    {
        _frame = frame;
        frame.SetAppId(Window.AppId);
        frame.SetMinSize(Window.MinSize.Width, Window.MinSize.Height);
        frame.Configured += OnFrameConfigured;
        frame.Closed += OnCloseRequested;
        // The frame's surfaces are synchronous to the root.
        frame.CommitWanted += root.Commit;
    }

    public override bool IsFullscreen => _frame.IsFullscreen;

    public override bool IsSuspended => _frame.IsSuspended;

    public override WindowFrame Frame => WindowFrame.Libdecor;

    public override void SetTitle(string title) => _frame.SetTitle(title);

    public override void SetFullscreen(WlOutput? output) => _frame.SetFullscreen(output);

    public override void UnsetFullscreen() => _frame.UnsetFullscreen();

    public override void SetSize(int width, int height)
    {
        _size = (width, height);
        _frame.Commit(width, height);
    }

    public override void Map() => _frame.Map();

    public override void Dispose() => _frame.Dispose();

    private void OnFrameConfigured()
    {
        SetHostSize(_frame.HostSize, _frame.IsFree);
        // Heard now, as this size; if the content becomes another, that is told when it is known.
        var size = HostSize.Width > 0 ? HostSize : _size;
        SetSize(size.Width, size.Height);
        OnConfigured();
    }
}

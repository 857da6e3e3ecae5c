using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A window with libdecor's decorations, on compositors that draw none (GNOME, weston).</summary>
internal sealed class FramedRole : WindowRole
{
    private readonly LibdecorFrame _frame;
    private (int Width, int Height) _size = MinSize;

    public FramedRole(LibdecorFrame frame, WlSurface root, string appId)
    {
        _frame = frame;
        frame.SetAppId(appId);
        frame.SetMinSize(MinSize.Width, MinSize.Height);
        frame.Configured += OnFrameConfigured;
        frame.Closed += OnCloseRequested;
        // The frame's surfaces are synchronised subsurfaces of the root.
        frame.CommitWanted += root.Commit;
    }

    public override bool IsFullscreen => _frame.IsFullscreen;

    public override bool IsSuspended => _frame.IsSuspended;

    public override WindowFrame Frame => WindowFrame.Libdecor;

    public override void SetTitle(string title) => _frame.SetTitle(title);

    public override void SetFullscreen(WlOutput? output) => _frame.SetFullscreen(output);

    public override void UnsetFullscreen() => _frame.UnsetFullscreen();

    protected override void ApplySize(int width, int height)
    {
        _size = (width, height);
        _frame.Commit(width, height);
    }

    public override void Map() => _frame.Map();

    public override void Dispose() => _frame.Dispose();

    private void OnFrameConfigured()
    {
        SetHostSize(_frame.HostSize, _frame.IsFree, isResizing: false);
        // Acknowledges the configure; SetSize is called again if the content gets another size.
        var size = HostSize.Width > 0 ? HostSize : _size;
        ApplySize(size.Width, size.Height);
        OnConfigured();
    }
}

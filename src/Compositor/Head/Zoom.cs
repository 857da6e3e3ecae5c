namespace Guestplane.Compositor;

/// <summary>How large the user wants the image, in steps.</summary>
internal sealed class Zoom
{
    private static readonly int[] s_percent = [25, 33, 50, 67, 75, 100, 125, 150, 200, 300, 400];
    private static readonly int s_whole = Array.IndexOf(s_percent, 100);

    private int _step = s_whole;

    public void Step(BoundAction action) => _step = action switch
    {
        BoundAction.ZoomIn => Math.Min(_step + 1, s_percent.Length - 1),
        BoundAction.ZoomOut => Math.Max(_step - 1, 0),
        _ => s_whole,
    };

    /// <summary>A length of the image, in pixels, as it is to be shown.</summary>
    public int Of(int pixels) => Math.Max(1, pixels * s_percent[_step] / 100);
}

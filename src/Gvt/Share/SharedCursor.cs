using Guestplane.Gvt.Pattern;

namespace Guestplane.Gvt.Share;

/// <summary>
/// A head's cursor as Display1 has it: an image as bytes, and a position. Each client compares two numbers. Nothing is read as
/// long as all clients take the cursor's dma-buf.
/// </summary>
internal sealed class SharedCursor(Head head, PixelReader pixels)
{
    /// <summary>QEMU's limit (include/ui/console.h, cursor_alloc).</summary>
    private const int MaxSide = 512;

    private const int ArrowSide = 24, ArrowLength = 20;

    private byte[] _image = [], _next = [];
    private bool _isArrow, _isArrowReported;
    private Flip? _newest;

    /// <summary>A new number with every other image; 0 before the first.</summary>
    public int Image { get; private set; }

    /// <summary>A new number with every other position, and when the cursor is switched on or off.</summary>
    public int Move { get; private set; }

    public (int Width, int Height) Size { get; private set; }

    public PixelPoint Hotspot { get; private set; }

    /// <summary>Of the image's top left corner.</summary>
    public PixelPoint Position { get; private set; }

    public bool IsOn { get; private set; }

    /// <summary>Premultiplied ARGB words, without padding.</summary>
    public ReadOnlySpan<byte> Pixels => _image.AsSpan(0, Size.Width * Size.Height * sizeof(uint));

    /// <summary>Takes a flip of the cursor plane, for <see cref="Refresh"/>.</summary>
    public void Take(in Flip flip) => _newest = flip with { Changed = flip.Changed || _newest is { Changed: true } };

    /// <summary>Reads the newest flip, once for all clients.</summary>
    public void Refresh()
    {
        if (_newest is not { } flip)
            return;
        _newest = null;
        if (flip.Scanout is { IsRetired: false } scanout && (flip.Changed || Image == 0))
            TakeImage(flip, scanout);
        var isOn = flip.Scanout is not null;
        var position = _isArrow ? new(flip.Position.X + flip.Hotspot.X, flip.Position.Y + flip.Hotspot.Y) : flip.Position;
        if ((isOn, position) == (IsOn, Position))
            return;
        (IsOn, Position) = (isOn, isOn ? position : Position);
        Move++;
    }

    private void TakeImage(in Flip flip, Scanout scanout)
    {
        var isReadable = scanout.Width <= MaxSide && scanout.Height <= MaxSide
            && scanout.Layout.Format == Fourcc.Argb8888 && pixels.CanRead(scanout);
        var (width, height) = isReadable ? (scanout.Width, scanout.Height) : (ArrowSide, ArrowSide);
        var (stride, length) = (width * sizeof(uint), width * height * sizeof(uint));
        _isArrow = !isReadable;
        if (_next.Length < length)
            _next = new byte[length];
        if (isReadable)
            pixels.Copy(flip with { Crop = default, IsBottomUp = false }, new(0, 0, width, height), _next, stride);
        else
            PaintArrow(stride);
        var hotspot = isReadable ? flip.Hotspot : default;
        if ((width, height) == Size && hotspot == Hotspot && Pixels.SequenceEqual(_next.AsSpan(0, length)))
            return;
        (_image, _next) = (_next, _image);
        (Size, Hotspot) = ((width, height), hotspot);
        Image++;
    }

    /// <summary>GVT-g's cursor, for one, is memory that only the GPU can read.</summary>
    private void PaintArrow(int stride)
    {
        if (!_isArrowReported)
            head.Refuse($"{head.Name}: the VM's cursor image cannot be read by the CPU; clients get an arrow in its place.");
        _isArrowReported = true;
        PatternPainter.PaintCursor(_next, ArrowSide, stride, default, ArrowLength);
    }
}

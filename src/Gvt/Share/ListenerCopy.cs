using Guestplane.Linux;

namespace Guestplane.Gvt.Share;

/// <summary>
/// A copy of a head's image in a memfd, for one client that maps it. Each has its own: the client may write to it.
/// </summary>
internal sealed class ListenerCopy : IDisposable
{
    private Fd? _memory;
    private Mapping? _pixels;
    private (int Width, int Height, Fourcc Format) _kind;

    public Fd Memory => _memory!;

    /// <summary>In bytes.</summary>
    public int Stride { get; private set; }

    /// <summary>Copies what has changed; everything if the image has another size or format.</summary>
    public void Take(PixelReader reader, in Flip flip, Rectangle part)
    {
        var kind = (flip.Source.Width, flip.Source.Height, flip.Scanout!.Layout.Format);
        if (kind != _kind)
        {
            Dispose();
            (_kind, Stride) = (kind, (int)flip.Scanout.Format.RowBytes(0, kind.Width));
            _memory = Memfd.Create("guestplane-share", (long)Stride * kind.Height);
            _pixels = Mapping.Of(_memory, (long)Stride * kind.Height, writable: true);
            part = new(0, 0, kind.Width, kind.Height);
        }
        reader.Copy(flip, part, _pixels!.Bytes[(part.Y * Stride + part.X * flip.Scanout.Format.BytesPerPixel[0])..], Stride);
    }

    public void Dispose()
    {
        _pixels?.Dispose();
        _memory?.Dispose();
        (_pixels, _memory, _kind) = (null, null, default);
    }
}

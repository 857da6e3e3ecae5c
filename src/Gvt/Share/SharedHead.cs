using Guestplane.Linux;

namespace Guestplane.Gvt.Share;

/// <summary>A head that clients see as a console: what they all share of it.</summary>
internal sealed class SharedHead : IDisposable
{
    /// <summary>A window that is resized sends many sizes, and a vGPU's monitor is unplugged for each.</summary>
    private const long ResizePauseNs = 500_000_000;

    private readonly Loop _loop;
    private readonly LoopTimer _resize;
    private long _resized;

    /// <param name="number">Of the console.</param>
    public SharedHead(Loop loop, Head head, int number)
    {
        (_loop, Head, Number, Cursor, Input) = (loop, head, number, new(head, Pixels), new(head));
        loop.Add(_resize = new LoopTimer(Resize));
        head.Replay(Take, Clock.Now);
        head.Flipped += Take;
        if (head.Input is { } input)
            input.Changed += OnInput;
    }

    public Head Head { get; }

    public int Number { get; }

    public PixelReader Pixels { get; } = new();

    public SharedCursor Cursor { get; }

    /// <summary>What the clients hold of its input devices.</summary>
    public SharedInput Input { get; }

    /// <summary>The size of the upright image; 0x0 before the first one.</summary>
    public (int Width, int Height) Size { get; private set; }

    /// <summary>The size that was requested last; the image's own before the first request.</summary>
    public HeadSize Wish
    {
        get => field != default ? field : new(Size.Width, Size.Height, 0, 0);
        private set;
    }

    /// <summary>How many clients answer for its flips: the guest waits for the first of them.</summary>
    public int Answering { get; set; }

    /// <summary><see cref="Size"/> has changed.</summary>
    public event Action<SharedHead>? Resized;

    /// <summary>The guest's lock keys or its kind of pointer have changed.</summary>
    public event Action<SharedHead>? InputChanged;

    /// <summary>Requests a size of the guest: at most twice a second, and the last one counts.</summary>
    public void Resize(HeadSize size)
    {
        Wish = size;
        if (!_resize.IsSet)
            _resize.Set(_resized + ResizePauseNs);
    }

    /// <summary>The guest was replaced: requests the size again, if there was a request.</summary>
    public void RenewSize()
    {
        if (_resized > 0)
            Resize(Wish);
    }

    /// <summary>Switches the planes off for the clients, because the guest is gone.</summary>
    public void SwitchOff()
    {
        var now = Clock.Now;
        foreach (var kind in (PlaneKind[])[PlaneKind.Primary, PlaneKind.Cursor, PlaneKind.Overlay])
            if (Head.Newest(kind).Scanout is not null)
                Head.Raise(new Flip(kind, null, default, default, Changed: true, now));
    }

    public void Dispose()
    {
        Head.Flipped -= Take;
        if (Head.Input is { } input)
            input.Changed -= OnInput;
        _loop.Remove(_resize);
        Pixels.Dispose();
    }

    private void OnInput() => InputChanged?.Invoke(this);

    private void Resize(long now)
    {
        _resized = now;
        Head.Resize?.Invoke(Wish);
    }

    private void Take(Flip flip)
    {
        // Nobody else answers for it.
        if (flip.Ticket > 0 && Answering == 0)
            Head.Release(flip.Ticket);
        if (flip.Plane == PlaneKind.Cursor)
            Cursor.Take(flip);
        if (flip.Plane != PlaneKind.Primary || flip.Scanout is null || Size == (flip.Source.Width, flip.Source.Height))
            return;
        Size = (flip.Source.Width, flip.Source.Height);
        Resized?.Invoke(this);
    }
}

namespace Guestplane.Gvt;

/// <summary>One display of a guest: raises its planes' flips, on the loop's thread. All lives of the guest share it.</summary>
public sealed class Head(string name)
{
    private readonly Flip[] _last = new Flip[3];

    /// <summary>Unique in the guest: "0", or a console's label.</summary>
    public string Name { get; } = name;

    /// <summary>Null if the head has no input devices. It is set before the head has a window.</summary>
    public IHeadInput? Input { get; set; }

    /// <summary>Requests another size from the guest. Null if this life of the guest takes no requests.</summary>
    public Action<HeadSize>? Resize { get; set; }

    /// <summary>True for an output that the guest plugs in only when a size is requested, as a virtio-gpu's second.</summary>
    public bool NeedsSize { get; set; }

    /// <summary>Bytes of the primary plane that our CPU copied because they arrived in messages.</summary>
    public long CopiedBytes { get; set; }

    public event Action<Flip>? Flipped;

    /// <summary>A plane description was rejected: a sentence, once per new problem. The last good image stays.</summary>
    public event Action<string>? Refused;

    /// <summary>The compositor has taken every flip up to this ticket, or a later flip instead.</summary>
    public event Action<long>? Released;

    /// <summary>The newest flip of a plane; without a scanout while the plane is off.</summary>
    public Flip Newest(PlaneKind plane) => _last[(int)plane];

    public void Raise(Flip flip)
    {
        _last[(int)flip.Plane] = flip;
        Flipped?.Invoke(flip);
    }

    /// <summary>
    /// Switches those planes off whose images only one GPU can read, before their device is closed. They are GVT-g's, in the
    /// pages of the guest, which are other programs' after that (gvt_cache_destroy, drivers/gpu/drm/i915/gvt/kvmgt.c).
    /// </summary>
    /// <param name="now">CLOCK_MONOTONIC, ns.</param>
    /// <returns>True if there were any.</returns>
    internal bool TakeOffGuestPages(long now)
    {
        var isTakenOff = false;
        for (var i = 0; i < _last.Length; i++)
        {
            if (_last[i].Scanout?.Gpu is null)
                continue;
            Raise(new Flip((PlaneKind)i, null, default, default, Changed: true, now));
            isTakenOff = true;
        }
        return isTakenOff;
    }

    /// <summary>Repeats the current flip of each plane, for a subscriber that was added later.</summary>
    /// <param name="now">CLOCK_MONOTONIC, ns.</param>
    public void Replay(Action<Flip> flipped, long now)
    {
        foreach (var last in _last)
            if (last.Scanout is { IsRetired: false })
                flipped(last with { Changed = true, Damage = default, Time = now, Ticket = 0 });
    }

    public void Refuse(string sentence) => Refused?.Invoke(sentence);

    public void Release(long ticket) => Released?.Invoke(ticket);
}

/// <summary>A size for a guest's display: in device pixels, in mm on the output, and the refresh rate (0: unknown).</summary>
public readonly record struct HeadSize(int Width, int Height, int WidthMm, int HeightMm, int RefreshMilliHz = 0);

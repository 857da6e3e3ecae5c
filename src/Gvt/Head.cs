namespace Guestplane.Gvt;

/// <summary>One display of a guest. Raises its planes' flips, on the loop's thread; whoever listens decides what to do with them.</summary>
public sealed class Head(string name)
{
    private readonly Flip[] _last = new Flip[3];

    /// <summary>Unique in the guest: "0", a console's label.</summary>
    public string Name { get; } = name;

    /// <summary>What it takes from the user's devices; null for a display that only shows.</summary>
    public IHeadInput? Input { get; init; }

    /// <summary>Asks the guest for another size; null where nobody could be asked.</summary>
    public Action<HeadSize>? Resize { get; init; }

    /// <summary>Bytes of the primary plane that our CPU copied to have them at all, because they came in messages.</summary>
    public long CopiedBytes { get; set; }

    public event Action<Flip>? Flipped;

    /// <summary>A plane description was refused: one sentence each time a new thing is wrong. The last good image stays.</summary>
    public event Action<string>? Refused;

    /// <summary>The host has taken every flip up to this ticket, or a later flip was taken in its place.</summary>
    public event Action<long>? Released;

    public void Raise(Flip flip)
    {
        _last[(int)flip.Plane] = flip;
        Flipped?.Invoke(flip);
    }

    /// <summary>What each plane shows now, once more, for one who comes late.</summary>
    /// <param name="flipped">Told of it.</param>
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

/// <summary>A size for a guest's display: device pixels, how large they are on the glass in mm, and the output's refresh (0: unknown).</summary>
public readonly record struct HeadSize(int Width, int Height, int WidthMm, int HeightMm, int RefreshMilliHz = 0);

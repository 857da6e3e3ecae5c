namespace Guestplane.Compositor;

/// <summary>How a head's window was laid out. Sizes are device pixels, except for the source.</summary>
/// <param name="Window">The window.</param>
/// <param name="Plane">The primary plane in it.</param>
/// <param name="Source">The part of the guest's image that is shown, in the image's pixels.</param>
/// <param name="IsTree">True if the primary plane may have a surface of its own in the window.</param>
/// <param name="IsBottomUp">True if the image's first row in memory is the bottom row on screen.</param>
internal sealed record HeadLayout(
    (int Width, int Height) Window, (int Width, int Height) Plane, (int Width, int Height) Source, bool IsTree, bool IsBottomUp);

/// <summary>The result of one head, made once when a show or a case ends. JSON fields in this order: doc/report.md.</summary>
internal sealed record HeadResult : IJsonObject
{
    /// <summary>The report has its members. The compiler's text of them would be two kilobytes of the program.</summary>
    public override string ToString() => $"{nameof(HeadResult)} {Name}";

    public IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("name", Name), ("transport", Transport), ("reason", Reason), ("format", Format), ("modifier", Modifier),
        ("color", Primary.Color?.ToString()), ("hdr", Primary.IsHdr), ("frame", Frame), ("sync", Sync), ("awaited", Awaited),
        ("width", Width), ("height", Height),
        ("flips", Flips), ("committed", Committed), ("repeated", Repeated), ("presented", Presented), ("discarded", Discarded),
        ("missed", Missed), ("coalesced", Coalesced), ("zeroCopy", ZeroCopy), ("imports", Imports), ("copiedBytes", CopiedBytes),
        ("scanoutFormat", ScanoutFormat), ("flipToCommitNs", FlipToCommitNs), ("commitToPresentedNs", CommitToPresentedNs),
        ("flipToPresentedNs", FlipToPresentedNs), ("cursor", Cursor),
    ];

    public required string Name { get; init; }

    public string? Transport => Primary.Transport;

    public string? Reason => Primary.Reason;

    public string? Format => Primary.Format;

    public string? Modifier => Primary.Modifier;

    /// <summary>Who draws the window's decorations: "host", "libdecor" or "none".</summary>
    public required string Frame { get; init; }

    /// <summary>"explicit" or "implicit": how the compositor learns that an image is drawn.</summary>
    public required string Sync { get; init; }

    /// <summary>Commits whose image the guest's GPU had not finished; only counted with explicit synchronisation.</summary>
    public long Awaited { get; init; }

    public int Width => Primary.Image?.Width ?? 0;

    public int Height => Primary.Image?.Height ?? 0;

    public long Flips { get; init; }

    public long Committed => Primary.Committed;

    public long Repeated { get; init; }

    public long Presented { get; init; }

    public long Discarded { get; init; }

    public long Missed { get; init; }

    public long Coalesced { get; init; }

    public long ZeroCopy { get; init; }

    public int Imports => Primary.Imports;

    public long CopiedBytes { get; init; }

    public bool? ScanoutFormat { get; init; }

    public Percentiles FlipToCommitNs { get; init; }

    public Percentiles CommitToPresentedNs { get; init; }

    public Percentiles FlipToPresentedNs { get; init; }

    /// <summary>The cursor plane as it is shown now; null if it is not shown.</summary>
    public PlaneResult? Cursor { get; init; }

    public PlaneResult Primary { get; init; } = new();

    public PlaneResult? Overlay { get; init; }

    /// <summary>True if the cursor plane is the compositor's pointer image.</summary>
    public bool IsCursorPointer { get; init; }

    /// <summary>True if a pointer is in the window now.</summary>
    public bool HasPointer { get; init; }

    public HeadLayout Layout { get; init; } = new(default, default, default, IsTree: false, IsBottomUp: false);

    /// <summary>Time between two vblanks, ns.</summary>
    public long RefreshNs { get; init; }

    /// <summary>False for a compositor whose word on zero-copy means nothing: it never or always says so.</summary>
    public bool IsZeroCopyReported { get; init; } = true;

    /// <summary>What the kernel says of the primary plane; null if it was not asked, or said both.</summary>
    public bool? IsScannedOut { get; init; }

    /// <summary>Percentage of presented frames that the compositor reports as zero-copy; null if none was presented.</summary>
    public double? ZeroCopyShare => Presented == 0 ? null : 100.0 * ZeroCopy / Presented;
}

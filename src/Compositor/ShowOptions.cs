using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>How the cursor plane is shown.</summary>
internal enum CursorMode
{
    /// <summary>As the guest's input asks for: a subsurface, until its pointer is the host's.</summary>
    Auto,

    /// <summary>On a surface of its own, where the guest says.</summary>
    Subsurface,

    /// <summary>As the host's pointer image.</summary>
    Pointer,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>How the host learns that the guest has drawn what it has flipped to.</summary>
internal enum SyncMode
{
    /// <summary>Explicitly where host and kernel can.</summary>
    Auto,

    /// <summary>From the kernel.</summary>
    Implicit,
}

/// <summary>What the user wants of a show.</summary>
internal sealed record ShowOptions
{
    /// <summary>The output that all heads go on; null: where the host likes.</summary>
    public string? Output { get; init; }

    /// <summary>Which head goes on which output, by their names.</summary>
    public IReadOnlyDictionary<string, string> Layout { get; init; } = new Dictionary<string, string>();

    /// <summary>The output of a head; null: where the host likes.</summary>
    public string? OutputOf(string head) => Layout.GetValueOrDefault(head) ?? Output;

    /// <summary>Around the image, 0xRRGGBB.</summary>
    public uint Background { get; init; }

    /// <summary>The window may have a frame around it.</summary>
    public bool IsDecorated { get; init; } = true;

    /// <summary>
    /// It has one from the start: one that begins full screen on some output is not worth a library's loading. Nor has one that
    /// outlives its host: libdecor's GTK keeps a connection of its own to it, and ends the process when that is gone.
    /// </summary>
    public bool IsFramed => IsDecorated && !Fullscreen && !Reconnect && Output is null;

    /// <summary>The host does not blank the screen while it shows us.</summary>
    public bool KeepAwake { get; init; }

    /// <summary>The host's own shortcuts are the guest's.</summary>
    public bool InhibitShortcuts { get; init; }

    /// <summary>The host's pointer is not shown over the window, and a relative guest has it without a click.</summary>
    public bool TakePointer { get; init; }

    /// <summary>What is shown while there is no guest yet; null for nothing.</summary>
    public SplashImage? Splash { get; init; }

    /// <summary>As <see cref="Sources"/> reads it.</summary>
    public required string Source { get; init; }

    public bool Fullscreen { get; init; }

    /// <summary>The only rung to use.</summary>
    public Transport? Transport { get; init; }

    public CursorMode Cursor { get; init; }

    public ScaleMode Scale { get; init; }

    public Latency Latency { get; init; }

    public SyncMode Sync { get; init; }

    /// <summary>A frame may be shown at once, in the middle of a refresh.</summary>
    public bool Tearing { get; init; }

    /// <summary>What the guest shows, for hosts whose displays have modes for it.</summary>
    public WpContentTypeV1Type Content { get; init; }

    /// <summary>Of a VM with several: the one console to show.</summary>
    public uint? Console { get; init; }

    /// <summary>A guest that ends is waited for, its last image dimmed.</summary>
    public bool Wait { get; init; }

    /// <summary>A host that ends is waited for, and shown to again.</summary>
    public bool Reconnect { get; init; }

    /// <summary>The guest keeps its size when the window gets another.</summary>
    public bool Fixed { get; init; }

    /// <summary>Text may go between the desktop's clipboard and the guest's.</summary>
    public bool Clipboard { get; init; } = true;

    /// <summary>The monitor to tell a vGPU.</summary>
    public Edid? Edid { get; init; }

    /// <summary>End after so many flips of primary planes.</summary>
    public long? Frames { get; init; }

    public double? Seconds { get; init; }

    /// <summary>Where the JSON report goes.</summary>
    public Stream? Report { get; init; }

    /// <summary>Where the time line of every frame goes.</summary>
    public Stream? Trace { get; init; }

    /// <summary>An inherited descriptor that gets a newline when the first frame is on screen (as dinit's and s6's readiness).</summary>
    public Fd? Ready { get; init; }

    public Requirements Require { get; init; } = Requirements.None;
}

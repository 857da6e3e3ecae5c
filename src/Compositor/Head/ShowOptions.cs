using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>How the cursor plane is shown.</summary>
internal enum CursorMode
{
    /// <summary>As the compositor's pointer image for a guest with an absolute pointer, otherwise as a subsurface.</summary>
    Auto,

    /// <summary>On a subsurface, where the guest puts it.</summary>
    Subsurface,

    /// <summary>As the compositor's pointer image.</summary>
    Pointer,

    None,
}

/// <summary>How the compositor learns that the guest has finished drawing a frame.</summary>
internal enum SyncMode
{
    /// <summary>By explicit synchronisation if compositor and kernel have it.</summary>
    Auto,

    /// <summary>By the kernel's implicit fences.</summary>
    Implicit,
}

/// <summary>What the guest's display is.</summary>
internal enum HdrMode
{
    /// <summary>Of standard range: the compositor takes the images as any other's.</summary>
    None,

    /// <summary>BT.2020 with the PQ curve, as of HDR10.</summary>
    Pq,
}

/// <summary>What is shown before there is a guest: a colour, and a still image in the middle.</summary>
/// <param name="Background">0xRRGGBB.</param>
/// <param name="Image">The path of a PNG; null for none.</param>
/// <param name="AfterNs">How long a guest may take to open before it is shown, ns; 0: it is shown first.</param>
internal sealed record SplashImage(uint Background, string? Image, long AfterNs = 0);

/// <summary>What the user wants of a show. Options in <c>Command/ShowArguments.cs</c> set most of it.</summary>
internal sealed record ShowOptions
{
    /// <summary>Nobody prints them, and the compiler's text of all members would be three kilobytes of the program.</summary>
    public override string ToString() => nameof(ShowOptions);

    /// <summary>The source, as <c>Sources</c> parses it.</summary>
    public required string Source { get; init; }

    /// <summary>The word for an input source that is looked for.</summary>
    public const string FoundInput = "auto";

    /// <summary>Where the input of a source without devices goes, as <c>InputSources</c> parses it; null: nowhere.</summary>
    public string? Input { get; init; }

    /// <summary>The URI of libvirt's connection; null for libvirt's default.</summary>
    public string? Connection { get; init; }

    /// <summary>The output for each head that has none in <see cref="Layout"/>; null: the compositor chooses.</summary>
    public string? Output { get; init; }

    /// <summary>Names of outputs by name of the head.</summary>
    public IReadOnlyDictionary<string, string> Layout { get; init; } = new Dictionary<string, string>();

    public bool Fullscreen { get; init; }

    /// <summary>True if the source has one window: another start with this raises it.</summary>
    public bool IsSingle { get; init; }

    /// <summary>True if the window may have decorations.</summary>
    public bool IsDecorated { get; init; } = true;

    /// <summary>The colour around the image, 0xRRGGBB.</summary>
    public uint Background { get; init; }

    /// <summary>Shown while there is no guest yet; null: no window.</summary>
    public SplashImage? Splash { get; init; }

    /// <summary>The only transport to use; null: the best that works.</summary>
    public Transport? Transport { get; init; }

    public CursorMode Cursor { get; init; }

    public ScaleMode Scale { get; init; }

    public Latency Latency { get; init; }

    public SyncMode Sync { get; init; }

    public bool Tearing { get; init; }

    public WpContentTypeV1Type Content { get; init; }

    /// <summary>What the values of a Y'CbCr image mean; null: the usual for its size.</summary>
    public ColorModel? Color { get; init; }

    public HdrMode Hdr { get; init; }

    /// <summary>The only console of a VM to show; null: all.</summary>
    public uint? Console { get; init; }

    /// <summary>How the planes of a VM's vGPU come.</summary>
    public PlanesWay Planes { get; init; }

    /// <summary>The monitor that a vGPU has; null: the vGPU's own.</summary>
    public Edid? Edid { get; init; }

    /// <summary>True if the guest keeps its size when the window is resized.</summary>
    public bool Fixed { get; init; }

    /// <summary>True if nothing is sent to the guest: no key, no pointer, no text.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>True if the window says which keys let go, and what is waited for.</summary>
    public bool HasText { get; init; } = true;

    public KeyBindings Keys { get; init; } = KeyBindings.Default;

    /// <summary>The folder for screenshots.</summary>
    public string Screenshots { get; init; } = ".";

    /// <summary>The window's title; null: the VM's name.</summary>
    public string? Title { get; init; }

    public string AppId { get; init; } = WindowRole.AppId;

    public Verbosity Verbosity { get; init; }

    /// <summary>What the configuration file has set, for --verbose: "FILE:LINE: KEY=VALUE".</summary>
    public List<string> Settings { get; init; } = [];

    /// <summary>True if text may be copied between the desktop's clipboard and the guest's.</summary>
    public bool Clipboard { get; init; } = true;

    /// <summary>The guest's keyboard layout, for virtual keyboards on the desktop.</summary>
    public string GuestLayout { get; init; } = Compositor.GuestLayout.Default;

    public TouchMode Touch { get; init; }

    /// <summary>True if, when the guest ends, its last image stays, dimmed, until the guest is back.</summary>
    public bool Wait { get; init; }

    /// <summary>True if, when the compositor ends, the show continues on the next one.</summary>
    public bool Reconnect { get; init; }

    /// <summary>True to keep the compositor from blanking the screen.</summary>
    public bool KeepAwake { get; init; }

    /// <summary>True if the compositor's shortcuts go to the guest.</summary>
    public bool InhibitShortcuts { get; init; }

    /// <summary>True if the compositor's pointer is hidden, and a relative guest grabs it without a click.</summary>
    public bool TakePointer { get; init; }

    /// <summary>The show ends after this many flips of primary planes.</summary>
    public long? Frames { get; init; }

    public double? Seconds { get; init; }

    /// <summary>Receives the JSON report; null for none.</summary>
    public Stream? Report { get; init; }

    /// <summary>Receives the trace of every frame; null for none.</summary>
    public OutputFile? Trace { get; init; }

    /// <summary>An inherited descriptor: a newline is written when the first frame is on screen (dinit, s6).</summary>
    public Fd? Ready { get; init; }

    public Requirements Require { get; init; } = Requirements.None;

    /// <summary>
    /// True if libdecor is loaded. A window that starts full screen or on a chosen output does not need it. With --reconnect it
    /// cannot be used: its GTK plugin keeps a connection of its own, and ends the process when that closes.
    /// </summary>
    public bool IsFramed => IsDecorated && !Fullscreen && !Reconnect && Output is null;

    /// <summary>The output of a head; null: the compositor chooses.</summary>
    public string? OutputOf(string head) => Layout.GetValueOrDefault(head) ?? Output;
}

namespace Guestplane.Tests.Fakes;

/// <summary>The configuration of a compositor. It cannot change once it runs, except for the output mode.</summary>
public sealed class HostSetup(string protocolDir)
{
    private const uint ShmArgb8888 = 0;
    private const uint ShmXrgb8888 = 1;

    /// <summary>The folder of the protocol XMLs, which define the form of every message.</summary>
    public string ProtocolDir { get; } = protocolDir;

    /// <summary>The version of each interface, announced in this order.</summary>
    public Dictionary<string, int> Globals { get; } = new()
    {
        ["wl_compositor"] = 6,
        ["wl_subcompositor"] = 1,
        ["wl_shm"] = 1,
        ["wl_output"] = 4,
        ["wl_seat"] = 8,
        ["xdg_wm_base"] = 6,
        ["zwp_linux_dmabuf_v1"] = 5,
        ["wp_presentation"] = 1,
        ["wp_viewporter"] = 1,
        ["wp_single_pixel_buffer_manager_v1"] = 1,
        ["zxdg_decoration_manager_v1"] = 1,
        ["wp_color_representation_manager_v1"] = 1,
        ["wp_color_manager_v1"] = 2,
    };

    public IReadOnlyList<HostFormat> Formats { get; set; } =
        [new("XR24"), new("AR24"), new("XB24"), new("AB24"), new("RG16"), new("NV12"), new("XR30")];

    /// <summary>The scanout tranche of surface feedback; none if empty.</summary>
    public IReadOnlyList<HostFormat> ScanoutFormats { get; set; } = [];

    /// <summary>The pairs of coefficients and range that color-representation-v1 offers, if it is there.</summary>
    public IReadOnlyList<(uint Coefficients, uint Range)> Colors { get; set; } =
        [(HostColor.Bt601, HostColor.Limited), (HostColor.Bt601, HostColor.Full), (HostColor.Bt709, HostColor.Limited),
        (HostColor.Bt709, HostColor.Full), (HostColor.Bt2020, HostColor.Limited), (HostColor.Bt2020, HostColor.Full)];

    public HostColorSupport ColorSupport { get; set; } = new();

    /// <summary>wl_shm codes.</summary>
    public IReadOnlyList<uint> ShmFormats { get; set; } = [ShmArgb8888, ShmXrgb8888];

    /// <summary>dev_t of the main device: 226:128, the first render node. From version 6 on it is the one that samples.</summary>
    public ulong MainDevice { get; set; } = (226 << 8) | 128;

    /// <summary>
    /// The tranches, best first, in place of those that the two lists above and the main device make. They need not be what the
    /// protocol wants. Before version 6 clients get no flag for sampling.
    /// </summary>
    public IReadOnlyList<HostTranche>? Tranches { get; set; }

    public int Width { get; set; } = 1024;

    public int Height { get; set; } = 768;

    /// <summary>wl_output.transform; 1 is turned by 90 degrees.</summary>
    public int Transform { get; set; }

    /// <summary>What xdg-output reports, in logical pixels.</summary>
    public (int Width, int Height) LogicalSize { get; set; }

    /// <summary>wl_output.scale.</summary>
    public int Scale { get; set; } = 1;

    /// <summary>wp_presentation.clock_id: CLOCK_MONOTONIC.</summary>
    public uint ClockId { get; set; } = 1;

    /// <summary>The size of the format table as the compositor claims it; null for the true one.</summary>
    public uint? TableSize { get; set; }

    public int RefreshMilliHz { get; set; } = 60000;

    /// <summary>The output's physical size in mm; 0 is unknown.</summary>
    public (int Width, int Height) Millimetres { get; set; }

    /// <summary>The size in the first configure; 0x0 leaves the size to the client.</summary>
    public (int Width, int Height) ConfigureSize { get; set; }

    public bool PointerPresent { get; set; } = true;

    public bool KeyboardPresent { get; set; }

    /// <summary>Full screen that is requested before the first configure is not granted, until <see cref="FakeHost.Configure"/>.</summary>
    public bool IgnoresEarlyFullscreen { get; set; }

    /// <summary>The keyboard's, as the keymap event sends it.</summary>
    public byte[] Keymap { get; set; } = HostKeymap.OfLayout("us");

    public bool TouchPresent { get; set; }

    /// <summary>set_selection is ignored from a client without the keyboard, as by mutter.</summary>
    public bool SelectionNeedsFocus { get; set; }

    /// <summary>No timer: the output refreshes when <see cref="FakeHost.Vblank"/> is called.</summary>
    public bool ManualVblank { get; set; }

    /// <summary>
    /// Null for a new private folder, which Dispose removes. Set it to start a second compositor at the same address.
    /// </summary>
    public string? RuntimeDir { get; set; }

    public int TranscriptLines { get; set; } = 20_000;

    internal IReadOnlyList<HostTranche> AllTranches() => Tranches ??
    [
        .. ScanoutFormats.Count == 0 ? Array.Empty<HostTranche>()
            : [new(MainDevice, HostTranche.Scanout, ScanoutFormats) { IsOfSurfaces = true }],
        new(MainDevice, HostTranche.Sampling, Formats),
    ];

    public HostSetup With(string name, int version)
    {
        Globals[name] = version;
        return this;
    }

    public HostSetup Without(string name)
    {
        Globals.Remove(name);
        return this;
    }
}

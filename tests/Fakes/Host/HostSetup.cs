namespace Guestplane.Tests.Fakes;

/// <summary>What a host offers. Fixed once the host runs, but for the output mode.</summary>
public sealed class HostSetup(string protocolDir)
{
    private const uint ShmArgb8888 = 0;
    private const uint ShmXrgb8888 = 1;

    /// <summary>Folder of the protocol XMLs, which say what every message looks like.</summary>
    public string ProtocolDir { get; } = protocolDir;

    /// <summary>Interface to version, announced in this order.</summary>
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
    };

    public IReadOnlyList<HostFormat> Formats { get; set; } =
        [new("XR24"), new("AR24"), new("XB24"), new("AB24"), new("RG16"), new("NV12"), new("XR30")];

    /// <summary>The scanout tranche of surface feedback; none when empty.</summary>
    public IReadOnlyList<HostFormat> ScanoutFormats { get; set; } = [];

    /// <summary>wl_shm codes.</summary>
    public IReadOnlyList<uint> ShmFormats { get; set; } = [ShmArgb8888, ShmXrgb8888];

    /// <summary>dev_t of the main device: 226:128, the first render node.</summary>
    public ulong MainDevice { get; set; } = (226 << 8) | 128;

    public int Width { get; set; } = 1024;

    public int Height { get; set; } = 768;

    public int RefreshMilliHz { get; set; } = 60000;

    /// <summary>The glass of the output; 0 is not told.</summary>
    public (int Width, int Height) Millimetres { get; set; }

    /// <summary>Of the first configure; 0x0 leaves the size to the client.</summary>
    public (int Width, int Height) ConfigureSize { get; set; }

    public bool PointerPresent { get; set; } = true;

    public bool KeyboardPresent { get; set; }

    public bool TouchPresent { get; set; }

    /// <summary>No timer: the output refreshes when <see cref="FakeHost.Vblank"/> is called.</summary>
    public bool ManualVblank { get; set; }

    /// <summary>Null for a new private one, which Dispose removes. Set it to start a second host where the first was.</summary>
    public string? RuntimeDir { get; set; }

    public int TranscriptLines { get; set; } = 20_000;

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

using System.Text;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The host's globals. Which version of which is bound, and why, is the table here and nowhere else.</summary>
internal sealed class Globals
{
    /// <summary>One line of the table. Best: what this program is written for; Least: what it cannot do without.</summary>
    private sealed record Wanted(string Interface, uint Best, uint Least, bool Required);

    private static readonly Wanted[] s_table =
    [
        // damage_buffer came with wl_surface 4; 5 and 6 (offset, preferred scale) are not used yet.
        new("wl_compositor", 4, 4, true),
        // Without it the primary plane goes on the toplevel itself, and there is no cursor plane (gamescope).
        new("wl_subcompositor", 1, 1, false),
        new("wp_viewporter", 1, 1, false),
        new("wp_single_pixel_buffer_manager_v1", 1, 1, false),
        new("wl_shm", 1, 1, true),
        // 2 adds tiled states, 5 capabilities; all that changes for us up to 6 is which states come in a configure.
        new("xdg_wm_base", 6, 1, true),
        // 3: modifier events. 4: feedback. 5: only one modifier for all planes, which is what we do. 6 is in no host yet.
        new("zwp_linux_dmabuf_v1", 5, 3, false),
        new("wp_linux_drm_syncobj_manager_v1", 1, 1, false),
        new("wp_tearing_control_manager_v1", 1, 1, false),
        new("wp_content_type_manager_v1", 1, 1, false),
        // 2 gives a refresh for variable rates; the events are the same.
        new("wp_presentation", 2, 1, false),
        // 5: pointer frames. 8: wheels by 1/120 of a notch. 9 and 10 add what is not used yet.
        new("wl_seat", 8, 5, false),
        // 3: how a drag ends, which is what a host of today expects to be told of.
        new("wl_data_device_manager", 3, 1, false),
        new("zwp_relative_pointer_manager_v1", 1, 1, false),
        new("zwp_pointer_constraints_v1", 1, 1, false),
        new("zwp_keyboard_shortcuts_inhibit_manager_v1", 1, 1, false),
        new("zwp_tablet_manager_v2", 1, 1, false),
        // Device pixels per logical pixel, in 1/120; a host without it is taken at its outputs' whole scales.
        new("wp_fractional_scale_manager_v1", 1, 1, false),
        // 2: scale and done. 3: release. 4: its name, by which a user puts a window on it.
        new("wl_output", 4, 1, false),
        new("zwp_idle_inhibit_manager_v1", 1, 1, false),
        // A frame around the window that the host draws; who has none (GNOME, weston) shows it without.
        new("zxdg_decoration_manager_v1", 1, 1, false),
        new("xdg_toplevel_icon_manager_v1", 1, 1, false),
        new("xdg_activation_v1", 1, 1, false),
        new("wp_cursor_shape_manager_v1", 1, 1, false),
    ];

    private readonly WlRegistry _registry;
    private readonly Dictionary<string, (uint Name, uint Version)> _offered = [];

    public Globals(WlRegistry registry)
    {
        _registry = registry;
        registry.Global += (_, e) => Offer(e.Interface, e.Name, e.Version);
        registry.GlobalRemove += (_, e) => Remove(e.Name);
    }

    public WlCompositor Compositor { get; private set; } = null!;

    public WlSubcompositor? Subcompositor { get; private set; }

    public WpViewporter? Viewporter { get; private set; }

    public WpSinglePixelBufferManagerV1? SinglePixel { get; private set; }

    public WlShm Shm { get; private set; } = null!;

    public XdgWmBase WmBase { get; private set; } = null!;

    public ZwpLinuxDmabufV1? Dmabuf { get; private set; }

    public WpLinuxDrmSyncobjManagerV1? Syncobj { get; private set; }

    public WpTearingControlManagerV1? TearingControl { get; private set; }

    public WpContentTypeManagerV1? ContentType { get; private set; }

    public WpPresentation? Presentation { get; private set; }

    public Seat? Seat { get; private set; }

    public WlDataDeviceManager? DataDevices { get; private set; }

    public ZwpRelativePointerManagerV1? RelativePointers { get; private set; }

    public ZwpPointerConstraintsV1? PointerConstraints { get; private set; }

    public ZwpKeyboardShortcutsInhibitManagerV1? ShortcutsInhibit { get; private set; }

    public ZwpTabletManagerV2? Tablets { get; private set; }

    public WpFractionalScaleManagerV1? FractionalScale { get; private set; }

    public ZwpIdleInhibitManagerV1? IdleInhibit { get; private set; }

    public ZxdgDecorationManagerV1? Decoration { get; private set; }

    public XdgToplevelIconManagerV1? ToplevelIcon { get; private set; }

    public XdgActivationV1? Activation { get; private set; }

    public WpCursorShapeManagerV1? CursorShape { get; private set; }

    /// <summary>Each global of the table: the version that the host offers (0: none), and the one that is bound (0: not).</summary>
    public IEnumerable<(string Interface, uint Offered, uint Bound)> Versions => s_table.Select(wanted =>
        (wanted.Interface, VersionOf(wanted.Interface), VersionOf(wanted.Interface) < wanted.Least ? 0 : Math.Min(VersionOf(wanted.Interface), wanted.Best)));

    public List<Output> Outputs { get; } = [];

    /// <summary>One came, went, or is another now.</summary>
    public event Action? OutputsChanged;

    /// <summary>Binds what the table wants of what was offered.</summary>
    /// <exception cref="ExitException">A required global is missing or too old.</exception>
    public void Bind(Loop loop)
    {
        Compositor = Bind<WlCompositor>()!;
        Subcompositor = Bind<WlSubcompositor>();
        Viewporter = Bind<WpViewporter>();
        SinglePixel = Bind<WpSinglePixelBufferManagerV1>();
        Shm = Bind<WlShm>()!;
        WmBase = Bind<XdgWmBase>()!;
        Dmabuf = Bind<ZwpLinuxDmabufV1>();
        Syncobj = Bind<WpLinuxDrmSyncobjManagerV1>();
        TearingControl = Bind<WpTearingControlManagerV1>();
        ContentType = Bind<WpContentTypeManagerV1>();
        Presentation = Bind<WpPresentation>();
        DataDevices = Bind<WlDataDeviceManager>();
        RelativePointers = Bind<ZwpRelativePointerManagerV1>();
        PointerConstraints = Bind<ZwpPointerConstraintsV1>();
        ShortcutsInhibit = Bind<ZwpKeyboardShortcutsInhibitManagerV1>();
        Tablets = Bind<ZwpTabletManagerV2>();
        FractionalScale = Bind<WpFractionalScaleManagerV1>();
        IdleInhibit = Bind<ZwpIdleInhibitManagerV1>();
        Decoration = Bind<ZxdgDecorationManagerV1>();
        ToplevelIcon = Bind<XdgToplevelIconManagerV1>();
        Activation = Bind<XdgActivationV1>();
        CursorShape = Bind<WpCursorShapeManagerV1>();
        Seat = Bind<WlSeat>() is { } seat ? new Seat(seat, this, loop) : null;
        WmBase.Ping += (_, e) => WmBase.Pong(e.Serial);
    }

    private void Offer(string name, uint id, uint version)
    {
        // Outputs come and go, and there may be several; of all others the first is the one.
        if (name == "wl_output")
            AddOutput(new Output(_registry.Bind<WlOutput>(id, Math.Min(version, Find(name).Best)), id, version));
        else
            _offered.TryAdd(name, (id, version));
    }

    private void AddOutput(Output output)
    {
        output.Told += () => OutputsChanged?.Invoke();
        Outputs.Add(output);
    }

    private void Remove(uint id)
    {
        if (Outputs.RemoveAll(output => output.Gone(id)) > 0)
            OutputsChanged?.Invoke();
    }

    private uint VersionOf(string name) =>
        name == "wl_output" ? Outputs.Select(output => output.Version).FirstOrDefault() : _offered.GetValueOrDefault(name).Version;

    private T? Bind<T>() where T : WlProxy, IWlInterface<T>
    {
        var wanted = Find(Encoding.UTF8.GetString(T.InterfaceName));
        if (_offered.TryGetValue(wanted.Interface, out var offer) && offer.Version >= wanted.Least)
            return _registry.Bind<T>(offer.Name, Math.Min(offer.Version, wanted.Best));
        if (!wanted.Required)
            return null;
        throw new ExitException(ExitCode.NoHost, offer.Version > 0
            ? $"The host has {wanted.Interface} version {offer.Version}, and guestplane needs {wanted.Least}: run it on a newer one."
            : $"The host has no {wanted.Interface}, which guestplane cannot do without: run it on a desktop or kiosk compositor.");
    }

    private static Wanted Find(string name) => Array.Find(s_table, wanted => wanted.Interface == name)!;
}

using System.Text;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The compositor's globals. The table says which versions are bound, and why.</summary>
internal sealed class Globals
{
    /// <summary>How long a global of the table is used.</summary>
    private enum Use
    {
        /// <summary>Bound when it is announced, and no longer used when it is removed.</summary>
        Dynamic,

        /// <summary>Bound at the start: the windows are built on what was there.</summary>
        Fixed,

        /// <summary>Bound at the start; guestplane cannot do without it.</summary>
        Required,

        /// <summary>There may be several; each is bound by its own owner.</summary>
        Several,

        /// <summary>Bound by whoever needs it, each time anew: its first events follow.</summary>
        OnDemand,
    }

    /// <summary>One line of the table. Best: the highest version that we bind. Least: the lowest that we can use.</summary>
    private sealed record Wanted(
        Type Type, string Interface, uint Best, uint Least, Use Use, Func<WlRegistry, uint, uint, WlProxy> Bind);

    private static readonly Wanted[] s_table =
    [
        // 4: damage_buffer. 5 and 6 (offset, preferred scale) are not used yet.
        Want<WlCompositor>(best: 4, least: 4, use: Use.Required),
        // Without it (gamescope) the primary plane is the toplevel itself, and there is no cursor plane.
        Want<WlSubcompositor>(best: 1),
        Want<WpViewporter>(best: 1),
        Want<WpSinglePixelBufferManagerV1>(best: 1),
        Want<WlShm>(best: 1, use: Use.Required),
        // 2: tiled states. 5: capabilities. 6: suspended. For us they only add states to a configure.
        Want<XdgWmBase>(best: 6, use: Use.Required),
        // 3: modifier events. 4: feedback. 5: one modifier for all planes, as we send.
        // 6: tranches for sampling in place of a main device, and a buffer may name its GPU (COSMIC and Jay have it, 2026).
        Want<ZwpLinuxDmabufV1>(best: 6, least: 3),
        Want<WpLinuxDrmSyncobjManagerV1>(best: 1),
        Want<WpTearingControlManagerV1>(best: 1),
        Want<WpContentTypeManagerV1>(best: 1),
        Want<WpColorRepresentationManagerV1>(best: 1),
        // 2: the descriptions of outputs that are newer than version 1. It sends some forty events.
        Want<WpColorManagerV1>(best: 2, use: Use.OnDemand),
        // 2: defines the refresh for variable rates.
        Want<WpPresentation>(best: 2, use: Use.Dynamic),
        // 5: pointer frames. 8: wheel steps in 1/120 of a notch. 9 and 10 are not used yet.
        Want<WlSeat>(best: 8, least: 5, use: Use.Several),
        // 3: the end of a drag, which compositors expect clients to handle.
        Want<WlDataDeviceManager>(best: 3, use: Use.Dynamic),
        Want<ZwpPrimarySelectionDeviceManagerV1>(best: 1, use: Use.Dynamic),
        Want<ZwpRelativePointerManagerV1>(best: 1, use: Use.Dynamic),
        Want<ZwpPointerConstraintsV1>(best: 1, use: Use.Dynamic),
        Want<ZwpKeyboardShortcutsInhibitManagerV1>(best: 1, use: Use.Dynamic),
        Want<ZwpTabletManagerV2>(best: 1, use: Use.Dynamic),
        // Without it the output's integer scale is used.
        Want<WpFractionalScaleManagerV1>(best: 1),
        // 2: scale and done. 3: release. 4: the name, for --output.
        Want<WlOutput>(best: 4, use: Use.Several),
        // 3: wl_output.done in place of its own. Without it an output's size is its mode's, by its scale.
        Want<ZxdgOutputManagerV1>(best: 3, use: Use.Dynamic),
        Want<ZwpIdleInhibitManagerV1>(best: 1),
        // Decorations by the compositor; where it is missing (GNOME, weston), libdecor draws them.
        Want<ZxdgDecorationManagerV1>(best: 1),
        Want<XdgToplevelIconManagerV1>(best: 1),
        Want<XdgActivationV1>(best: 1, use: Use.Dynamic),
        Want<WpCursorShapeManagerV1>(best: 1, use: Use.Dynamic),
    ];

    private static readonly Wanted s_seat = Find<WlSeat>(), s_output = Find<WlOutput>();

    private readonly WlRegistry _registry;
    private readonly List<(uint Id, string Interface, uint Version)> _offers = [];
    private readonly Dictionary<Type, (uint Id, WlProxy Proxy)> _bound = [];
    private bool _hasStarted;

    public Globals(WlRegistry registry)
    {
        _registry = registry;
        registry.Global += (_, e) => Offer(e.Interface, e.Name, e.Version);
        registry.GlobalRemove += (_, e) => Remove(e.Name);
    }

    public WlCompositor Compositor => Get<WlCompositor>()!;
    public WlSubcompositor? Subcompositor => Get<WlSubcompositor>();
    public WpViewporter? Viewporter => Get<WpViewporter>();
    public WpSinglePixelBufferManagerV1? SinglePixel => Get<WpSinglePixelBufferManagerV1>();
    public WlShm Shm => Get<WlShm>()!;
    public XdgWmBase WmBase => Get<XdgWmBase>()!;
    public ZwpLinuxDmabufV1? Dmabuf => Get<ZwpLinuxDmabufV1>();
    public WpLinuxDrmSyncobjManagerV1? Syncobj => Get<WpLinuxDrmSyncobjManagerV1>();
    public WpTearingControlManagerV1? TearingControl => Get<WpTearingControlManagerV1>();
    public WpContentTypeManagerV1? ContentType => Get<WpContentTypeManagerV1>();
    public WpColorRepresentationManagerV1? ColorRepresentation => Get<WpColorRepresentationManagerV1>();
    public WpPresentation? Presentation => Get<WpPresentation>();
    public WlDataDeviceManager? DataDevices => Get<WlDataDeviceManager>();
    public ZwpPrimarySelectionDeviceManagerV1? PrimarySelection => Get<ZwpPrimarySelectionDeviceManagerV1>();
    public ZwpRelativePointerManagerV1? RelativePointers => Get<ZwpRelativePointerManagerV1>();
    public ZwpPointerConstraintsV1? PointerConstraints => Get<ZwpPointerConstraintsV1>();
    public ZwpKeyboardShortcutsInhibitManagerV1? ShortcutsInhibit => Get<ZwpKeyboardShortcutsInhibitManagerV1>();
    public ZwpTabletManagerV2? Tablets => Get<ZwpTabletManagerV2>();
    public WpFractionalScaleManagerV1? FractionalScale => Get<WpFractionalScaleManagerV1>();
    public ZwpIdleInhibitManagerV1? IdleInhibit => Get<ZwpIdleInhibitManagerV1>();
    public ZxdgDecorationManagerV1? Decoration => Get<ZxdgDecorationManagerV1>();
    public XdgToplevelIconManagerV1? ToplevelIcon => Get<XdgToplevelIconManagerV1>();
    public XdgActivationV1? Activation => Get<XdgActivationV1>();
    public WpCursorShapeManagerV1? CursorShape => Get<WpCursorShapeManagerV1>();
    public ZxdgOutputManagerV1? OutputManager => Get<ZxdgOutputManagerV1>();
    public List<Output> Outputs { get; } = [];

    /// <summary>For each global of the table: the version that the compositor offers and the one that we use; 0: none.</summary>
    public IEnumerable<(string Interface, uint Offered, uint Bound)> Versions =>
        from wanted in s_table
        let offered = Offered(wanted).Version
        let isLeft = offered < wanted.Least || (wanted.Use == Use.OnDemand && !_bound.ContainsKey(wanted.Type))
        select (wanted.Interface, offered, isLeft ? 0 : Math.Min(offered, wanted.Best));

    /// <summary>The seats that the compositor offers now; each has a different id.</summary>
    public IEnumerable<uint> SeatIds =>
        from offer in _offers
        where offer.Interface == s_seat.Interface && offer.Version >= s_seat.Least
        select offer.Id;

    /// <summary>An output was added, removed or changed.</summary>
    public event Action? OutputsChanged;

    /// <summary>A seat, or a global that may come and go, came or went. Handlers of a new one must be added at once.</summary>
    public event Action? Changed;

    /// <summary>Binds each offered global of the table of which there is one.</summary>
    /// <exception cref="ExitException">A required global is missing or too old.</exception>
    public void Bind()
    {
        foreach (var wanted in s_table)
            if (wanted.Use is not (Use.Several or Use.OnDemand))
                Bind(wanted);
        WmBase.Ping += (_, e) => WmBase.Pong(e.Serial);
        _hasStarted = true;
        DescribeOutputs();
    }

    /// <summary>Binds a seat. Add its handlers at once: its first events follow.</summary>
    public WlSeat BindSeat(uint id) =>
        (WlSeat)s_seat.Bind(_registry, id, Math.Min(_offers.Find(offer => offer.Id == id).Version, s_seat.Best));

    /// <summary>One of the caller's own; null if there is none. Add handlers at once: its first events follow.</summary>
    public WpColorManagerV1? BindColorManager()
    {
        Bind(Find<WpColorManagerV1>());
        return Get<WpColorManagerV1>();
    }

    private void Offer(string name, uint id, uint version)
    {
        _offers.Add((id, name, version));
        if (name == s_output.Interface)
            AddOutput(new Output((WlOutput)s_output.Bind(_registry, id, Math.Min(version, s_output.Best)), id));
        if (!_hasStarted || Array.Find(s_table, wanted => wanted.Interface == name) is not { } late)
            return;
        if (late.Use == Use.Dynamic && !_bound.ContainsKey(late.Type))
            Bind(late);
        DescribeOutputs();
        if (late.Use is Use.Dynamic or Use.Several)
            Changed?.Invoke();
    }

    private void DescribeOutputs()
    {
        if (OutputManager is { } manager)
            Outputs.ForEach(output => output.Describe(manager));
    }

    private void AddOutput(Output output)
    {
        output.Told += () => OutputsChanged?.Invoke();
        Outputs.Add(output);
    }

    private void Remove(uint id)
    {
        _offers.RemoveAll(offer => offer.Id == id);
        if (Outputs.RemoveAll(output => output.Gone(id)) > 0)
            OutputsChanged?.Invoke();
        // What was made from it stays valid, and does nothing any more.
        foreach (var wanted in s_table)
            if (wanted.Use == Use.Dynamic && _bound.TryGetValue(wanted.Type, out var bound) && bound.Id == id)
                _bound.Remove(wanted.Type);
        Changed?.Invoke();
    }

    private T? Get<T>() where T : WlProxy => (T?)_bound.GetValueOrDefault(typeof(T)).Proxy;

    private void Bind(Wanted wanted)
    {
        var (id, _, version) = Offered(wanted);
        if (version >= wanted.Least)
        {
            _bound[wanted.Type] = (id, wanted.Bind(_registry, id, Math.Min(version, wanted.Best)));
            return;
        }
        if (wanted.Use != Use.Required)
            return;
        throw new ExitException(ExitCode.NoHost, version > 0
            ? $"The compositor has {wanted.Interface} version {version}, and guestplane needs {wanted.Least}: use a newer one."
            : $"The compositor has no {wanted.Interface}, which guestplane cannot do without: "
                + "run it on a desktop or kiosk compositor.");
    }

    private (uint Id, string Interface, uint Version) Offered(Wanted wanted) =>
        _offers.Find(offer => offer.Interface == wanted.Interface);

    private static Wanted Find<T>() => Array.Find(s_table, wanted => wanted.Type == typeof(T))!;

    private static Wanted Want<T>(uint best, uint least = 1, Use use = Use.Fixed) where T : WlProxy, IWlInterface<T> =>
        new(typeof(T), Encoding.UTF8.GetString(T.InterfaceName), best, least, use,
            (registry, id, version) => registry.Bind<T>(id, version));
}

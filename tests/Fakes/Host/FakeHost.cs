using System.Diagnostics;

namespace Guestplane.Tests.Fakes;

/// <summary>
/// A Wayland compositor on a socket of its own, as strict as the strictest real one: each mistake of a client becomes a
/// <see cref="Violation"/> and the right protocol error. It serves on its own thread; all members may be called from any
/// other.
/// </summary>
public sealed partial class FakeHost : IDisposable
{
    private const uint InjectedCode = 4242;

    private readonly List<Violation> _violations = [];
    private readonly List<HostGlobal> _globals = [];
    private readonly List<HostGlobal> _removedGlobals = [];
    private uint _serial;
    private long _imports;
    private long _importsFailed;
    private long _pools;
    private long _requests;
    private long _commits;
    private long _destroyedInUse;

    public FakeHost(HostSetup setup)
    {
        Setup = setup;
        Protocol = new ProtocolModel(setup.ProtocolDir);
        Transcript = new Transcript(setup.TranscriptLines);
        Faults = new HostFaults(Wake);
        foreach (var (name, version) in setup.Globals)
            Announce(name, version);
        DmabufFormats = new DmabufFormats(setup.AllTranches(), Fds, null);
        Listen();
    }

    public HostSetup Setup { get; }

    public HostFaults Faults { get; }

    public Transcript Transcript { get; }

    /// <summary>For XDG_RUNTIME_DIR.</summary>
    public string RuntimeDir { get; private set; } = "";

    /// <summary>For WAYLAND_DISPLAY.</summary>
    public string DisplayName { get; } = "wayland-0";

    public string SocketPath => Path.Combine(RuntimeDir, DisplayName);

    public IReadOnlyList<Violation> Violations => Locked(() => _violations.ToList());

    /// <summary>The number of open connections.</summary>
    public int Clients => Locked(() => _clients.Count);

    /// <summary>The number of connections since the start.</summary>
    public int Connections => Locked(() => _connections);

    public long Requests => Locked(() => _requests);

    public long TotalCommits => Locked(() => _commits);

    public long Imports => Locked(() => _imports);

    public long ImportsFailed => Locked(() => _importsFailed);

    /// <summary>The number of existing wl_shm_pools.</summary>
    public int ShmPools => Locked(() => All<HostShmPool>().Count());

    public long ShmPoolsCreated => Locked(() => _pools);

    /// <summary>The number of existing wl_buffers of every kind.</summary>
    public int LiveBuffers => Locked(() => All<HostWlBuffer>().Count());

    /// <summary>wl_buffers that were destroyed before their release: allowed, but their pixels are undefined.</summary>
    public long BuffersDestroyedInUse => Locked(() => _destroyedInUse);

    public IReadOnlyList<HostSurfaceInfo> Surfaces =>
        Locked(() => All<HostSurface>().Select(Describe).ToList());

    /// <summary>The buffers of the mapped surfaces.</summary>
    public IReadOnlyList<HostBufferInfo> CurrentBuffers =>
        Locked(() => All<HostSurface>().Where(surface => surface.IsMapped).Select(surface => surface.Buffer!.Info()).ToList());

    internal ProtocolModel Protocol { get; }

    internal FdLedger Fds { get; } = new();

    internal DmabufFormats DmabufFormats { get; private set; }

    internal IReadOnlyList<HostGlobal> Globals => _globals;

    /// <summary>The number of commits of the surface with this id, on the newest connection that has one.</summary>
    public int Commits(uint surfaceId) => Locked(() => Newest<HostSurface>(surfaceId)?.Commits ?? 0);

    public HostSurfaceInfo? Surface(uint surfaceId) =>
        Locked(() => Newest<HostSurface>(surfaceId) is { } surface ? Describe(surface) : null);

    /// <summary>The bytes of a linear buffer, or of a surface's applied buffer if the id is a surface's.</summary>
    public HostPixels ReadPixels(uint id, int plane = 0) => Locked(() =>
    {
        var buffer = Newest<HostSurface>(id)?.Buffer ?? Newest<HostWlBuffer>(id)
            ?? throw new ArgumentException($"no buffer for the object {id}");
        return buffer.Storage.Read(plane);
    });

    public HostPixels ReadPixels(HostSurfaceInfo surface, int plane = 0) => ReadPixels(surface.Id, plane);

    /// <summary>Waits until the condition holds; it is evaluated after each change. False if the time is up.</summary>
    public bool WaitUntil(Func<FakeHost, bool> condition, TimeSpan timeout)
    {
        var end = Stopwatch.GetTimestamp() + (long)(timeout.TotalSeconds * Stopwatch.Frequency);
        lock (_gate)
        {
            while (!condition(this))
            {
                ThrowIfCrashed();
                var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), end);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                    return condition(this);
            }
            return true;
        }
    }

    internal uint NextSerial() => ++_serial;

    internal HostGlobal? RemovedGlobal(uint name) => _removedGlobals.Find(global => global.Name == name);

    internal void Violate(string text) => _violations.Add(new Violation(text));

    internal void CountRequest() => _requests++;

    internal void CountPool() => _pools++;

    internal void CountDestroyedInUse() => _destroyedInUse++;

    internal void CountImport(bool isDone) => _ = isDone ? _imports++ : _importsFailed++;

    /// <summary>Applies the faults that count commits.</summary>
    internal void Committed(HostSurface surface)
    {
        _commits++;
        if (Faults.ClosesNow())
            foreach (var toplevel in surface.Client.All<HostToplevel>())
                toplevel.Close();
        if (Faults.ErrsNow())
            surface.Client.PostError(surface, InjectedCode, "injected");
        if (Faults.DiesNow())
            surface.Client.Close();
    }

    private static HostSurfaceInfo Describe(HostSurface surface)
    {
        var subsurface = surface.RoleObject as HostSubsurface;
        var window = surface.RoleObject as HostXdgSurface;
        return new HostSurfaceInfo
        {
            Client = surface.Client.Number,
            Id = surface.Id,
            Role = surface.Role,
            Parent = subsurface?.Parent?.Id,
            Position = subsurface?.Position ?? default,
            IsSync = subsurface?.IsSync ?? false,
            IsMapped = surface.IsMapped,
            Commits = surface.Commits,
            Buffer = surface.Buffer?.Info(),
            Latched = surface.Latched?.Info(),
            Scale = surface.Current.Scale!.Value,
            Transform = surface.Current.Transform!.Value,
            ViewportSource = surface.Current.Source!.Value.Value is { } source
                ? (source.X, source.Y, source.Width, source.Height) : null,
            ViewportDestination = surface.Current.Destination!.Value.Value,
            Color = surface.Current.Color!.Value,
            Description = surface.Current.Description!,
            OpaqueRegion = surface.Current.Opaque!.Value.Value,
            InputRegion = surface.Current.Input!.Value.Value,
            Stack = surface.Current.Stack!.Select(child => child.Id).ToList(),
            Title = window?.Toplevel?.Title,
            AppId = window?.Toplevel?.AppId,
            WantsFullscreen = window?.Toplevel?.IsFullscreen ?? false,
            WindowGeometry = window?.Geometry,
        };
    }

    private IEnumerable<T> All<T>()
        where T : HostObject => _clients.SelectMany(client => client.All<T>());

    private T? Newest<T>(uint id)
        where T : HostObject =>
        Enumerable.Reverse(_clients).Select(client => client.Find(id)).OfType<T>().FirstOrDefault();

    private HostGlobal Announce(string name, int version)
    {
        if (version > Protocol[name].Version)
            throw new ArgumentException($"the XML has {name} only up to version {Protocol[name].Version}");
        var global = new HostGlobal((uint)(_globals.Count + _removedGlobals.Count + 1), name, version);
        _globals.Add(global);
        return global;
    }
}

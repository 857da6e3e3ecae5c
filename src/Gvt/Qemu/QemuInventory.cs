using Guestplane.Gvt.Share;
using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>Lists the VMs of this user that can be shown, with their source names.</summary>
public static class QemuInventory
{
    private const long PatienceNs = 3_000_000_000;

    /// <summary>
    /// All that can be shown. VMs with a QMP socket are not connected to: QEMU has one display client, which may be showing it.
    /// </summary>
    /// <param name="loop">It is turned meanwhile.</param>
    /// <param name="connection">The URI of libvirt's connection; null for libvirt's default.</param>
    /// <param name="warn">Called with a sentence about a place that the user has named, and that cannot be asked.</param>
    public static IReadOnlyList<FoundVm> Find(Loop loop, string? connection, Action<string> warn) =>
    [
        .. OnTheBus(loop, warn), .. Processes(), .. Domains(connection, warn),
        .. ShareSocket.Existing().Select(socket => Share(loop, socket)),
    ];

    /// <summary>The same without domains, consoles and viewers: no VM is asked. Each is named by what it alone has.</summary>
    public static IReadOnlyList<FoundVm> FindBriefly(Loop loop)
    {
        var vms = BusVms(loop);
        return
        [
            .. vms.Select(vm => Of(vm, SourceOf(vm, vms))), .. Processes(),
            .. ShareSocket.Existing().Select(socket => new FoundVm($"qemu:socket={socket}", FoundBy.Share)),
        ];
    }

    /// <summary>The source names of the QEMU processes with a peer-to-peer display and a QMP socket.</summary>
    public static IEnumerable<string> SocketWords() => Processes().Select(vm => vm.Source).OfType<string>();

    /// <summary>The source names of the VMs on the session bus.</summary>
    public static IEnumerable<string> BusWords(Loop loop) => OnTheBus(loop).Select(vm => vm.Source).OfType<string>();

    /// <summary>pid: sources of the QEMU processes of this user, whether they have a vGPU or not.</summary>
    public static IEnumerable<string> ProcessWords() => OurProcesses().Select(pid => $"pid:{pid}");

    /// <summary>The source names of libvirt's running domains with a D-Bus display.</summary>
    public static IEnumerable<string> DomainWords() => Domains(null, null).Select(vm => vm.Source).OfType<string>();

    /// <summary>The numbers of the consoles of a VM on the session bus.</summary>
    public static IEnumerable<string> ConsoleWords(Loop loop, string source) =>
        OnTheBus(loop).FirstOrDefault(vm => vm.Source == source)?.Consoles.Select(console => $"{console.Id}") ?? [];

    /// <summary>The names of the heads of a VM on the session bus.</summary>
    public static IEnumerable<string> HeadWords(Loop loop, string source)
    {
        var found = OnTheBus(loop).FirstOrDefault(vm => vm.Source == source);
        List<FoundConsole> shown = [.. found?.Consoles.Where(console => console.IsGraphic) ?? []];
        return shown.Select(console => QemuConsole.HeadName(console.Id, console.Label, shown.Select(other => other.Label)));
    }

    private static List<FoundVm> OnTheBus(Loop loop, Action<string>? warn = null)
    {
        var vms = BusVms(loop, warn);
        return
        [
            .. vms.Select(vm =>
                Of(vm, vms.Count == 1 ? "qemu:" : SourceOf(vm, vms)) with { Consoles = ConsolesOf(loop, vm) }),
        ];
    }

    private static FoundVm Of(BusVm vm, string source) => new(source, FoundBy.Bus)
    {
        Name = vm.Name,
        Uuid = vm.Uuid,
        Pid = vm.Pid > 0 ? vm.Pid : null,
    };

    private static IReadOnlyList<BusVm> BusVms(Loop loop, Action<string>? warn = null)
    {
        IReadOnlyList<BusVm> vms = [];
        try
        {
            using var bus = Bus.OpenSession();
            loop.Add(bus);
            Await(loop, over => BusVm.List(bus, (found, _) =>
            {
                vms = found;
                over();
            }));
            loop.Remove(bus);
        }
        catch (Exception e) when (e is BusException or DllNotFoundException)
        {
            var why = e is BusException ? e.Message : "libsystemd.so.0 is not installed";
            // No session bus has no VMs.
            if (Environment.GetEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS") is { Length: > 0 } address)
                warn?.Invoke(
                    $"The session bus cannot be asked for VMs (DBUS_SESSION_BUS_ADDRESS is \"{address}\"): {why}.");
            return [];
        }
        return vms;
    }

    /// <summary>The VM's name if that is enough and needs no quotes in a shell, else its UUID, else its process.</summary>
    private static string SourceOf(BusVm vm, IReadOnlyList<BusVm> all)
    {
        var isPlain = vm.Name.Length > 0
            && vm.Name.All(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_' or '.' or '+');
        if (isPlain && all.Count(other => other.Name == vm.Name) == 1)
            return $"qemu:{(QemuSource.IsKey(vm.Name) ? "name=" : "")}{vm.Name}";
        return vm.Uuid is not null && all.Count(other => other.Uuid == vm.Uuid) == 1
            ? $"qemu:uuid={vm.Uuid}" : $"qemu:pid={vm.Pid}";
    }

    private static List<FoundConsole> ConsolesOf(Loop loop, BusVm vm)
    {
        var consoles = new List<FoundConsole>();
        try
        {
            using var connection = QemuConnection.OnBus(loop, Bus.OpenSession(), BusVmChoice.ByOwner(vm.Owner));
            Await(loop, over =>
            {
                connection.Failed += _ => over();
                connection.Ready += () =>
                {
                    consoles.AddRange(connection.Consoles.Select(console => console.Found));
                    over();
                };
                connection.Start();
            });
        }
        catch (BusException)
        {
            // The bus has ended: the VM is listed without its consoles.
        }
        return consoles;
    }

    /// <summary>Turns the loop until it is over, for three seconds at most.</summary>
    private static void Await(Loop loop, Action<Action> begin)
    {
        var isOver = false;
        var patience = new LoopPatience(() => isOver = true);
        patience.Start(PatienceNs);
        loop.Add(patience);
        begin(() => isOver = true);
        while (!isOver && !loop.Stopped)
            loop.Turn();
        loop.Remove(patience);
    }

    private static FoundVm Share(Loop loop, string socket) => new($"qemu:socket={socket}", FoundBy.Share)
    {
        Viewers = (ShareSocket.MayConnect(socket) ? ShareHolders.Of(loop, socket) : null) ?? [],
    };

    /// <summary>QEMU processes with a peer-to-peer display, by their command lines, as far as we may see them.</summary>
    private static IEnumerable<FoundVm> Processes()
    {
        foreach (var pid in OurProcesses())
        {
            var options = QemuCommandLine.Of(pid);
            // Domains lists those of libvirt.
            if (!options.IsLibvirt && options.HasPeerDisplay)
                yield return new FoundVm(options.QmpPath is { } path ? $"qemu:qmp={path}" : null, FoundBy.Process)
                {
                    Name = options.Name ?? "",
                    Uuid = options.Uuid,
                    Pid = pid,
                };
        }
    }

    private static IEnumerable<int> OurProcesses() => ProcessFds.Processes()
        .Where(pid => ProcessFds.Name(pid).StartsWith("qemu", StringComparison.Ordinal) && ProcessFds.IsOurs(pid));

    /// <summary>The running libvirt domains with a D-Bus display; none if libvirt is not installed or not running.</summary>
    private static List<FoundVm> Domains(string? connection, Action<string>? warn)
    {
        // In another thread, because libvirt's calls block on its daemon, which may hang.
        var asked = Task.Run(() => (Vms: AskForDomains(connection, out var problem), Problem: problem));
        var hasAnswered = asked.Wait(TimeSpan.FromTicks(PatienceNs / TimeSpan.NanosecondsPerTick));
        var (vms, problem) = hasAnswered ? asked.Result : ([], "it does not answer");
        if (connection is not null && problem is not null)
            warn?.Invoke($"libvirt's connection {connection} cannot be asked for VMs: {problem}.");
        return vms;
    }

    /// <summary>libvirt's running domains with a D-Bus display. Blocks as long as its daemon does not answer.</summary>
    /// <param name="problem">A clause: why it cannot be asked; null if it was.</param>
    public static List<FoundVm> AskForDomains(string? connection, out string? problem) =>
    [
        .. Libvirt.DBusDomains(connection, out problem)
            .Select(name => new FoundVm($"libvirt:{name}", FoundBy.Libvirt) { Name = name }),
    ];
}

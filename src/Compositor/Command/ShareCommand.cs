using System.CommandLine;
using System.CommandLine.Parsing;
using Guestplane.Gvt;
using Guestplane.Gvt.Share;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Linux.DBus;
using ShareSetting = Guestplane.Compositor.Setting<Guestplane.Compositor.ShareOptions>;

namespace Guestplane.Compositor;

/// <summary><c>guestplane share SOURCE</c>: its options and its run.</summary>
internal static class ShareCommand
{
    private static IEnumerable<ShareSetting> Options =>
    [
        ShareSetting.Text("--socket", "Listen at this path ($XDG_RUNTIME_DIR/guestplane.sock).",
            (share, path) => share with { Socket = path }, form: "PATH"),
        ShareSetting.Text("--bus", "Serve on this message bus, as QEMU does, and not on a socket.",
            (share, bus) => share with { Bus = bus }, form: "session|system|ADDRESS"),
        ShareSetting.Value("--read-only", "Allow these to connect and look: their keys and pointers are refused.",
            (share, names) => Each(share, names, share.Access.AllowLooking), ParseNames, "USER,:GROUP,…"),
        ShareSetting.Value("--linger", "Close the vGPU when nobody has looked for this many seconds.",
            (share, seconds) => share with { Linger = (long)(seconds * 1_000_000_000) }, CommandOption.Number, "SECONDS"),
        ShareSetting.Value("--allow", "Allow these users and groups to connect, besides you and root: USER,:GROUP,…",
            (share, names) => Each(share, names, share.Access.Allow), ParseNames, "USER,:GROUP,…"),
        ShareSetting.Value("--group", "Give the socket to this group, and allow its members to connect.",
            (share, group) =>
            {
                share.Access.AllowGroup(group);
                return share with { Group = group };
            }, ParseGroup, "GROUP"),
        ShareSetting.Value("--rate", "How often a vGPU is polled per second while somebody looks (240).",
            (share, rate) => share with { Rate = rate }, ParseRate, "HZ"),
        ShareSetting.Text("--edid", "Plug this monitor into the vGPU; clients cannot change it then.",
            (share, monitor) => share with { Edid = Edid.Parse(monitor) }, form: Edid.Help),
        ShareSetting.Value("--console", "Share only this console of a VM that has several (see guestplane list).",
            (share, number) => share with { Console = (uint)number }, CommandOption.Index, "N"),
        ShareSetting.Value<string>("--connect", ShowArguments.ConnectionHelp,
            (share, uri) => share with { Connection = uri }, form: "URI"),
        ShareSetting.Flag("--wait", "When the VM ends, wait until it is back.", share => share with { Wait = true }),
    ];

    public static Command Create(Messages messages)
    {
        var source = ShowArguments.Source("What to share:");
        ShareSetting[] settings = [.. Options];
        var command = new Command("share", "Share a VM's displays with programs that need no rights to its devices.") { source };
        settings.AddTo(command);
        Completions.AddTo(command, source);
        command.SetAction(parsed =>
            (int)Run(messages, settings.Read(parsed, new ShareOptions { Source = parsed.GetValue(source)! })));
        return command;
    }

    private static ExitCode Run(Messages messages, ShareOptions options)
    {
        if (options.Bus is not null && (options.Socket is not null || options.Group is not null || options.Access.HasNames))
            throw new ExitException(ExitCode.Usage,
                "--bus goes without --socket, --allow, --read-only and --group: the bus's policy says who may connect.");
        if (options.Linger is not null && !Sources.IsVgpu(options.Source))
            throw new ExitException(ExitCode.Usage, $"--linger is for vfio: sources, and {options.Source} is none.");
        if (SharedLibrary.File("libsystemd.so.0") is null)
            throw new ExitException(ExitCode.System, "libsystemd.so.0 is not installed (Debian: libsystemd0).");
        using var loop = new Loop();
        StopSignals.On(loop);
        using var manager = ServiceManager.Start(loop);
        var (socket, path) = options.Bus is null ? Listen(options) : default;
        using (socket)
        using (var guest = Sources.Slot(new ShowOptions
        {
            Source = options.Source,
            Edid = options.Edid,
            Console = options.Console,
            Connection = options.Connection,
            Wait = options.Wait,
        }, loop, messages))
        {
            // Clients may connect from now on, and a VM that is waited for may be away for long.
            if (options.Wait)
                manager?.Ready();
            guest.Open();
            if (loop.Stopped)
                return ExitCode.Ok;
            if (options.Bus is null)
                messages.Info($"{guest.Source} is shared: guestplane show qemu:socket={path}");
            return Serve(loop, messages, guest, new ShareServer(loop, socket, VmOf(guest), guest.Heads, options.Access),
                options, () => manager?.Ready());
        }
    }

    private static ExitCode Serve(
        Loop loop, Messages messages, GuestSlot guest, ShareServer server, ShareOptions options, Action ready)
    {
        using (server)
        using (var poller = guest.IsPolled ? new SharePoller(loop, guest.Poll, () => server.NeedsPolls, options.Rate) : null)
        using (options.Linger is { } time ? new ShareLinger(loop, guest, server, time) : null)
        {
            server.Said += messages.Warn;
            if (poller is not null)
                server.Poll = poller.PollFor;
            server.ListenerAdded += () => poller?.PollNow();
            server.PollsEnded += () => poller?.PollNow();
            foreach (var head in guest.Heads)
                head.Refused += messages.Warn;
            guest.Changed += () => OnChanged(loop, guest, server, poller);
            guest.Start();
            string? problem = null;
            if (options.Bus is { } bus)
                ServeOn(bus, server, () => messages.Info($"{guest.Source} is shared: guestplane show {BusSource(bus)}"), why =>
                {
                    problem ??= why;
                    loop.Stop();
                });
            ready();
            loop.Run();
            server.Remove();
            if (problem is not null)
                throw new ExitException(ExitCode.NoHost, $"{guest.Source} cannot be shared on the bus: {problem}.");
            if (guest.State != GuestState.Gone)
                return ExitCode.Ok;
            messages.Info(guest.Problem);
            return ExitCode.GuestLost;
        }
    }

    private static string BusSource(string bus) => bus switch
    {
        "session" => "qemu:",
        "system" => "qemu:bus=unix:path=/run/dbus/system_bus_socket",
        _ => $"qemu:bus={bus}",
    };

    private static void ServeOn(string name, ShareServer server, Action named, Action<string> ended)
    {
        try
        {
            server.ServeOn(name switch
            {
                "session" => Bus.OpenSession(),
                "system" => Bus.OpenSystem(),
                _ => Bus.Open(name),
            }, named, ended);
        }
        catch (BusException e)
        {
            ended(e.Message);
        }
    }

    private static void OnChanged(Loop loop, GuestSlot guest, ShareServer server, SharePoller? poller)
    {
        switch (guest.State)
        {
            case GuestState.Here:
                server.RenewSizes();
                poller?.PollNow();
                break;
            case GuestState.Away:
                server.SwitchOff();
                break;
            default:
                loop.Stop();
                break;
        }
    }

    private static SharedVm VmOf(GuestSlot guest) => new(guest.Source, guest.Title,
        Guid.TryParseExact(guest.Source.Split(':')[^1], "D", out var uuid) ? uuid : Guid.Empty, guest.IsPolled);

    /// <summary>The service manager's socket, or the one at the user's path; and its path.</summary>
    private static (ListeningSocket Socket, string Path) Listen(ShareOptions options)
    {
        if (options.Socket is null && ServiceManager.Sockets() is [var number, ..])
            return Inherited(number);
        var path = options.Socket ?? ShareSocket.Default ?? throw new ExitException(
            ExitCode.Usage, "There is no XDG_RUNTIME_DIR for the socket: give its path by --socket PATH.");
        if (options.Source.Split("qemu:socket=", 2) is ["", { Length: > 0 } shared]
            && Path.GetFullPath(shared) == Path.GetFullPath(path))
            throw new ExitException(
                ExitCode.Usage, $"{options.Source} is the socket of this share itself: give another --socket.");
        try
        {
            return (ListeningSocket.Create(path, options.Mode, options.Group), Path.GetFullPath(path));
        }
        catch (LinuxException e) when (e.Errno == Errno.AddressInUse)
        {
            throw FileOwner.IsSocket(path)
                ? new ExitException(ExitCode.NoHost, $"Another program may serve {path}: end it, or give another --socket.")
                : new ExitException(ExitCode.CannotWrite, $"{path} exists and is no socket: give another --socket.");
        }
        catch (LinuxException e)
        {
            throw new ExitException(ExitCode.CannotWrite, $"The socket cannot be made: {e.Message}; give another --socket.");
        }
    }

    private static (ListeningSocket Socket, string Path) Inherited(int number)
    {
        try
        {
            return (ListeningSocket.Inherited(number, out var path), path);
        }
        catch (LinuxException)
        {
            throw new ExitException(ExitCode.Usage,
                "The service manager's socket takes no connections: its unit needs ListenStream= and Accept=no.");
        }
    }

    private static List<string> ParseNames(ArgumentResult result)
    {
        List<string> names = [.. CommandOption.Words(result)];
        if (names.Count == 0)
            CommandOption.Reject(result, "names of users and groups");
        var access = new ShareAccess();
        if (names.Find(name => !access.Allow(name)) is { } unknown)
            result.AddError($"{((OptionResult)result.Parent!).Option.Name}: this machine has no "
                + $"{(unknown[0] == ':' ? $"group \"{unknown[1..]}\"" : $"user \"{unknown}\"")}.");
        return names;
    }

    private static ShareOptions Each(ShareOptions share, List<string> names, Predicate<string> allow)
    {
        names.ForEach(name => allow(name));
        return share;
    }

    private static uint ParseGroup(ArgumentResult result)
    {
        var name = result.Tokens[^1].Value;
        if (Account.Group(name) is { } group)
            return group;
        result.AddError($"--group: this machine has no group \"{name}\".");
        return 0;
    }

    private static double ParseRate(ArgumentResult result) => CommandOption.Number(result, most: 1000);
}

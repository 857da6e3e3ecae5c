using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>The VMs of this user that can be shown, and how each is named as a source.</summary>
public static class QemuInventory
{
    private const long PatienceNs = 3_000_000_000;

    /// <summary>A line for each VM and console. A VM that is reached by QMP is not asked: it has one display client, and that may be showing it.</summary>
    public static IEnumerable<string> Describe(Loop loop) => [.. OnTheBus(loop), .. Processes(), .. Domains()];

    private static List<string> OnTheBus(Loop loop)
    {
        var (lines, isOver) = (new List<string>(), false);
        QemuConnection? connection = null;
        var patience = new LoopTimer(_ => isOver = true);
        patience.Set(Clock.Now + PatienceNs);
        loop.Add(patience);
        QemuSource.Parse("qemu:").Reach(loop, (reached, _) =>
        {
            (connection, isOver) = (reached, reached is null);
            if (reached is null)
                return;
            reached.Failed += _ => isOver = true;
            reached.Ready += () =>
            {
                lines.Add($"qemu:  {Name(reached)} on the session bus");
                lines.AddRange(reached.Consoles.Select(Describe));
                isOver = true;
            };
            reached.Start();
        });
        while (!isOver && !loop.Stopped)
            loop.Turn();
        loop.Remove(patience);
        connection?.Dispose();
        return lines;
    }

    private static string Name(QemuConnection connection) => connection.VmName.Length > 0 ? $"the VM \"{connection.VmName}\"" : "a VM";

    private static string Describe(ConsoleInfo console) =>
        $"  --console {console.Id}  {console.Label} {(console.IsGraphic ? $"{console.Width}x{console.Height}" : $"text, {console.Width}x{console.Height} pixels")}"
        + $"{(console.DeviceAddress.Length > 0 ? $" at {console.DeviceAddress}" : "")}; keyboard, {(console.IsAbsolute ? "absolute" : "relative")} pointer"
        + (console.HasTouch ? ", touch" : "");

    /// <summary>By their command lines, of those processes that we may see.</summary>
    private static IEnumerable<string> Processes()
    {
        foreach (var pid in ProcessFds.Processes())
        {
            if (!ProcessFds.Name(pid).StartsWith("qemu", StringComparison.Ordinal))
                continue;
            var arguments = ProcessFds.CommandLine(pid);
            // libvirt keeps the QMP of its own, and tells them itself.
            if (arguments.Any(argument => argument.Contains("/libvirt/", StringComparison.Ordinal)) || !arguments.Any(argument => argument.StartsWith("dbus", StringComparison.Ordinal) && argument.Contains("p2p=", StringComparison.Ordinal)))
                continue;
            yield return QmpSocket(arguments) is { } path ? $"qemu:qmp={path}  {ProcessFds.Name(pid)} (pid {pid})"
                : $"{ProcessFds.Name(pid)} (pid {pid})  has a display for peers and no QMP socket: start it with -qmp unix:PATH,server=on,wait=off";
        }
    }

    /// <summary>"-qmp unix:PATH,…", or the path of a chardev for a monitor.</summary>
    private static string? QmpSocket(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i + 1 < arguments.Count; i++)
        {
            if (arguments[i].TrimStart('-') is "qmp" or "qmp-pretty" && arguments[i + 1].StartsWith("unix:", StringComparison.Ordinal))
                return arguments[i + 1]["unix:".Length..].Split(',')[0];
            if (arguments[i].TrimStart('-') == "chardev" && arguments[i + 1].StartsWith("socket,", StringComparison.Ordinal)
                && arguments[i + 1].Contains("mon", StringComparison.Ordinal)
                && Array.Find(arguments[i + 1].Split(','), word => word.StartsWith("path=", StringComparison.Ordinal)) is { } path)
                return path["path=".Length..];
        }
        return null;
    }

    /// <summary>libvirt's own word for the ones that it runs; where it is not installed, or not running, there are none.</summary>
    private static IEnumerable<string> Domains()
    {
        // Its calls wait for its daemon, which may hang.
        var asked = Task.Run(Libvirt.DBusDomains);
        return asked.Wait(TimeSpan.FromSeconds(3)) ? asked.Result.Select(name => $"libvirt:{name}  a domain of libvirt's") : [];
    }
}

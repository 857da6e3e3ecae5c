using System.CommandLine;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary><c>guestplane list</c>.</summary>
internal static class ListCommand
{
    public static Command Create(TextWriter output, Messages messages)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var connection = new Option<string>("--connect") { Description = ShowArguments.ConnectionHelp, HelpName = "URI" };
        connection.CompletionSources.Add(Completions.Connections);
        var command = new Command("list",
            "List the vGPUs of this machine and what their planes show, and the VMs and their consoles.") { json, connection };
        command.SetAction(parsed =>
        {
            using var loop = new Loop();
            var vgpus = VfioInventory.Find().ToList();
            var vms = QemuInventory.Find(loop, parsed.GetValue(connection), messages.Warn);
            if (parsed.GetValue(json))
                output.WriteLine(JsonText.Of(new JsonMap([("vgpus", vgpus.Select(Fields)), ("vms", vms.Select(Fields))])));
            else
                WriteLines(output, vgpus, vms);
        });
        return command;
    }

    private static void WriteLines(TextWriter output, List<FoundVgpu> vgpus, IReadOnlyList<FoundVm> vms)
    {
        foreach (var line in vgpus.Count > 0 ? vgpus.SelectMany(Lines)
            : ["No vGPU: there is no device in /sys/bus/mdev/devices, and none that vfio has bound."])
            output.WriteLine(Messages.OneLine(line));
        foreach (var line in vms.Count > 0 ? vms.SelectMany(Lines)
            : ["No VM: no QEMU with -display dbus is on the session bus, runs as a process that we may see, "
                + "or is libvirt's."])
            output.WriteLine(Messages.OneLine(line));
    }

    private static IEnumerable<string> Lines(FoundVgpu vgpu) =>
    [
        $"{vgpu.Source}  {vgpu.Type ?? vgpu.Driver}, driver {vgpu.Driver}, "
            + $"group {vgpu.Group ?? "none"}, node {vgpu.Node ?? "none"}",
        .. vgpu.Planes.Select(line => "  " + line),
    ];

    private static IEnumerable<string> Lines(FoundVm vm)
    {
        var name = vm.Name.Length > 0 ? $"the VM \"{vm.Name}\"" : "a VM";
        var identity = vm.Pid is null ? "" : $" (pid {vm.Pid}{(vm.Uuid is null ? "" : $", UUID {vm.Uuid}")})";
        yield return vm.By switch
        {
            FoundBy.Bus => $"{vm.Source}  {name}{identity} on the session bus",
            FoundBy.Libvirt => $"{vm.Source}  a libvirt domain",
            FoundBy.Share => $"{vm.Source}  a VM that guestplane share serves there",
            _ when vm.Source is null => $"pid {vm.Pid}  {name} has a peer-to-peer D-Bus display and no QMP socket: "
                + "start it with -qmp unix:PATH,server=on,wait=off",
            _ => $"{vm.Source}  {name}{identity}",
        };
        foreach (var console in vm.Consoles)
            yield return $"  --console {console.Id}  {console.Label} "
                + (console.IsGraphic ? $"{console.Width}x{console.Height}" : $"text, {console.Width}x{console.Height} pixels")
                + (console.Address.Length > 0 ? $" at {console.Address}" : "")
                + $"; keyboard, {(console.IsAbsolute ? "absolute" : "relative")} pointer"
                + (console.HasTouch ? ", touch" : "");
        foreach (var viewer in vm.Viewers)
            yield return $"  {viewer}";
    }

    private static JsonMap Fields(FoundVgpu vgpu) => new(
    [
        ("source", vgpu.Source), ("type", vgpu.Type), ("driver", vgpu.Driver), ("group", vgpu.Group), ("node", vgpu.Node),
        ("planes", vgpu.Planes),
    ]);

    private static JsonMap Fields(FoundVm vm) => new(
    [
        ("source", vm.Source), ("foundBy", vm.By.Spelled()), ("name", vm.Name.Length > 0 ? vm.Name : null), ("uuid", vm.Uuid),
        ("pid", vm.Pid), ("consoles", vm.Consoles.Select(Fields)), ("viewers", vm.Viewers),
    ]);

    private static JsonMap Fields(FoundConsole console) => new(
    [
        ("console", console.Id), ("label", console.Label), ("graphic", console.IsGraphic), ("width", console.Width),
        ("height", console.Height), ("address", console.Address.Length > 0 ? console.Address : null),
        ("pointer", console.IsAbsolute ? "absolute" : "relative"), ("touch", console.HasTouch),
    ]);
}

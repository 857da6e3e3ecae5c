using System.Text.Json;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>A running QEMU's options, as far as they say how to reach it.</summary>
/// <param name="pid">Its process.</param>
/// <param name="arguments">Its arguments; empty if it has ended.</param>
public sealed class QemuCommandLine(int pid, IReadOnlyList<string> arguments)
{
    /// <summary>True if the process has ended.</summary>
    public bool IsEmpty => arguments.Count == 0;

    /// <summary>True for libvirt's own monitor (qemu_command.c). libvirt uses the QMP sockets of its VMs itself.</summary>
    public bool IsLibvirt => Values("chardev").Any(value => Split(value)[0] == "socket" && Part(value, "id") == "charmonitor");

    /// <summary>The VM's name (-name); null for none.</summary>
    public string? Name => Values("name").Select(value => Part(value, "guest") ?? Split(value)[0]).LastOrDefault();

    /// <summary>The VM's UUID (-uuid); null for none.</summary>
    public string? Uuid => Values("uuid").LastOrDefault();

    /// <summary>True for -display dbus.</summary>
    public bool HasDisplay => Display is not null;

    /// <summary>True for -display dbus,p2p=yes.</summary>
    public bool HasPeerDisplay => Display is { } display && Part(display, "p2p") is "yes" or "on";

    /// <summary>The address of the bus of its display; null for the session bus.</summary>
    public string? BusAddress => Display is { } display ? Part(display, "addr") : null;

    /// <summary>The path of its first QMP socket (-qmp, or -mon and its -chardev); null for none.</summary>
    public string? QmpPath => Values("qmp").Concat(Values("qmp-pretty")).Select(PathOf).Concat(MonitorPaths())
        .OfType<string>().Select(Rooted).FirstOrDefault();

    private string? Display => Values("display").LastOrDefault(value => Split(value)[0] == "dbus");

    public static QemuCommandLine Of(int pid) => new(pid, ProcessFds.CommandLine(pid));

    /// <summary>
    /// The source that reaches this QEMU's input devices, the one with a clipboard first; null if there is none.
    /// </summary>
    public string? InputWords => IsLibvirt ? HasDisplay && (Uuid ?? Name) is { } domain ? $"libvirt:{domain}" : null
        : HasPeerDisplay && QmpPath is { } path ? $"qemu:qmp={path}"
        : HasDisplay && !HasPeerDisplay ? $"qemu:{(BusAddress is { } bus ? $"bus={bus}," : "")}pid={pid}"
        : QmpPath is { } monitor ? $"{Qemu.InputWords.Qmp}{monitor}"
        : null;

    /// <summary>
    /// The VFIO devices whose display QEMU gives that label: their id, or else their type (ui/console.c, qemu_console_get_label).
    /// </summary>
    public IReadOnlyList<QemuVfioDevice> VfioDisplays(string label) =>
    [
        .. from device in Values("device").Select(Device)
        let driver = device("driver") ?? ""
        where driver.StartsWith("vfio-pci", StringComparison.Ordinal) && device("display") is "on" or "auto"
            && (device("id") ?? driver) == label
        select new QemuVfioDevice(
            device("sysfsdev") ?? (device("host") is { } host ? $"/sys/bus/pci/devices/{WithDomain(host)}" : null),
            device("ramfb") is "on" or "true"),
    ];

    /// <summary>The host's PCI addresses may leave out the domain.</summary>
    private static string WithDomain(string address) => address.Count(letter => letter == ':') == 1 ? $"0000:{address}" : address;

    /// <summary>The properties of a -device, by key: "DRIVER,KEY=VALUE,…", or JSON, as libvirt writes it.</summary>
    private static Func<string, string?> Device(string value)
    {
        if (!value.StartsWith('{'))
            return key => Part(value, key) ?? (key == "driver" ? Split(value)[0] : null);
        try
        {
            using var json = JsonDocument.Parse(value);
            var properties = json.RootElement.EnumerateObject().GroupBy(property => property.Name)
                .ToDictionary(same => same.Key, same => Text(same.Last().Value));
            return properties.GetValueOrDefault;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A command line that QEMU itself would refuse. The second is for an escape that is half a character.
            return _ => null;
        }
    }

    private static string? Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();

    /// <summary>"unix:PATH,server=on,wait=off".</summary>
    private static string? PathOf(string value) =>
        Split(value)[0] is var first && first.StartsWith("unix:", StringComparison.Ordinal) ? first["unix:".Length..] : null;

    private IEnumerable<string?> MonitorPaths()
    {
        var monitors = Values("mon").Where(value => Part(value, "mode") == "control")
            .Select(value => Part(value, "chardev") ?? Split(value)[0]).ToList();
        return Values("chardev").Where(value => Split(value)[0] == "socket" && monitors.Contains(Part(value, "id") ?? ""))
            .Select(value => Part(value, "path"));
    }

    /// <summary>A relative path is one of QEMU's folder.</summary>
    private string Rooted(string path) =>
        Path.IsPathRooted(path) ? path : Path.Combine(ProcessFds.Folder(pid) ?? "", path);

    private IEnumerable<string> Values(string option)
    {
        for (var i = 0; i + 1 < arguments.Count; i++)
            if (arguments[i] == $"-{option}" || arguments[i] == $"--{option}")
                yield return arguments[i + 1];
    }

    private static string? Part(string value, string key) =>
        Split(value).LastOrDefault(part => part.StartsWith($"{key}=", StringComparison.Ordinal))?[(key.Length + 1)..];

    /// <summary>A comma inside a value is doubled (QEMU's util/keyval.c and qemu-option.c).</summary>
    private static string[] Split(string value) =>
        [.. value.Replace(",,", "\0", StringComparison.Ordinal).Split(',').Select(part => part.Replace('\0', ','))];
}

using System.Text.Json;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>Several of this machine's QEMUs on one bus.</summary>
public sealed class QemuNamesTests
{
    private const string Uuid = "0a0b0c0d-0000-4000-8000-000000000002", OddName = "b\u00e9=ta,\"x\"&'";

    [Fact]
    public async Task All_are_listed_and_shown_at_once_and_each_ends_by_itself()
    {
        using var bus = new PrivateBus();
        var display = $"dbus,addr={bus.Address}";
        using var first = new RealQemu("-vga std -name alpha", display);
        using var second = new RealQemu($"-vga std -name guest={OddName.Replace(",", ",,")} -uuid {Uuid}", display);
        string[] expected =
        [
            $"qemu:alpha  the VM \"alpha\" (pid {first.Id}) on the session bus",
            $"qemu:uuid={Uuid}  the VM \"{OddName}\" (pid {second.Id}, UUID {Uuid}) on the session bus",
        ];
        // QEMU asks for its name on the bus when it has started.
        await Tools.Until(() => List(bus).Split('\n').Intersect(expected).Count() == 2, () => List(bus));
        AssertJson(List(bus, "--json"), second.Id);
        using var host = await HeadlessSway.Start();
        using var alpha = Show(host, bus, "qemu:alpha");
        using var odd = Show(host, bus, $"qemu:pid={second.Id}");
        await Tools.Until(() => host.Windows().Select(window => window!.Title).Order(StringComparer.Ordinal).SequenceEqual(["alpha", OddName]),
            () => string.Join(", ", host.Windows()));
        first.Kill();
        Assert.Equal(74, alpha.Wait().ExitCode);
        Assert.False(odd.HasEnded);
        // It owns the name now, and is no alpha.
        using var none = Show(host, bus, "qemu:alpha");
        Assert.Equal(66, none.Wait().ExitCode);
        Assert.Contains("no VM on the bus is named \"alpha\" (there are: ", none.Messages, StringComparison.Ordinal);
        second.Kill();
        Assert.Equal(74, odd.Wait().ExitCode);
    }

    private static void AssertJson(string text, int pid)
    {
        using var json = JsonDocument.Parse(text);
        var vm = json.RootElement.GetProperty("vms").EnumerateArray().First(vm => vm.GetProperty("pid").ValueKind == JsonValueKind.Number
            && vm.GetProperty("pid").GetInt32() == pid && vm.GetProperty("foundBy").GetString() == "bus");
        Assert.Equal((OddName, Uuid, $"qemu:uuid={Uuid}"), (Text("name"), Text("uuid"), Text("source")));
        Assert.Equal("VGA", vm.GetProperty("consoles")[0].GetProperty("label").GetString());

        string? Text(string name) => vm.GetProperty(name).GetString();
    }

    private static string List(PrivateBus bus, params string[] options) =>
        Tools.Run(new(Repository.Program, ["list", .. options]) { Environment = { ["DBUS_SESSION_BUS_ADDRESS"] = bus.Address } });

    private static ProgramRun Show(HeadlessSway host, PrivateBus bus, string source) =>
        ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show {source}", ("DBUS_SESSION_BUS_ADDRESS", bus.Address));
}

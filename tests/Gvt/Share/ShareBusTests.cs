using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Linux.DBus;
using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>The displays on a message bus, which is a real one.</summary>
public sealed class ShareBusTests : IDisposable
{
    private const int Unavailable = 69, Usage = 64;

    private readonly PrivateBus _bus;

    public ShareBusTests()
    {
        Assert.SkipUnless(Tools.Has("busctl"), "busctl is not installed");
        _bus = new();
    }

    private string Address => _bus.Address;

    public void Dispose() => _bus.Dispose();

    [Fact]
    public void A_viewer_finds_it_under_the_name_of_QEMU_which_one_program_has()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var share = ProgramRun.Start("/nonexistent", "none", $"share pattern:memory=memfd,size=640x480 --bus {Address}");
        share.WaitFor($"is shared: guestplane show qemu:bus={Address}");
        using var viewer = ProgramRun.ToEnd(host, $"show qemu:bus={Address} --frames 50 --no-clipboard");
        Assert.Equal(0, viewer.ExitCode);
        Assert.Equal("dmabuf", viewer.Head.GetProperty("transport").GetString());
        Assert.Empty(host.Violations);
        using var second = ProgramRun.Alone($"share pattern --bus {Address}");
        Assert.Equal(Unavailable, second.ExitCode);
        Assert.Contains("pattern cannot be shared on the bus: another program has the name org.qemu there", second.Messages,
            StringComparison.Ordinal);
        share.Terminate();
        Assert.Equal(0, share.Wait().ExitCode);
    }

    [Fact]
    public void What_a_program_held_is_released_when_it_leaves_the_bus()
    {
        var input = new RecordedInput();
        using var display = new SharedDisplay(new Head("0") { Input = input });
        var (isNamed, ended) = (false, "");
        display.Do(() => display.Server.ServeOn(Bus.Open(Address), () => isNamed = true, why => ended = why));
        display.Until(() => isNamed);
        Tools.Run(new ProcessStartInfo("busctl", [$"--address={Address}", "call", "org.qemu", SharedDisplay.Console,
            "org.qemu.Display1.Keyboard", "Press", "u", "30"]));
        display.Until(() => input.Events is ["key 30 down", "key 30 up"]);
        Assert.Contains("org.qemu.Display1.Console", Tools.Run(new ProcessStartInfo("busctl",
            [$"--address={Address}", "introspect", "org.qemu", SharedDisplay.Console])), StringComparison.Ordinal);
        _bus.Dispose();
        display.Until(() => ended.Contains("the connection to the bus was closed", StringComparison.Ordinal));
    }

    [Fact]
    public void The_system_bus_needs_the_policy_that_is_among_the_examples()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "the example gives the name to root");
        using (var bus = new PrivateBus(""))
        using (var share = ProgramRun.Alone($"share pattern --bus {bus.Address}"))
        {
            Assert.Equal(Unavailable, share.ExitCode);
            Assert.Contains("the policy of the bus gives no program of this user the name org.qemu (man guestplane-share)",
                share.Messages, StringComparison.Ordinal);
        }
        var example = Path.Combine(Repository.Root, "dist", "examples", "org.qemu.conf");
        using (var bus = new PrivateBus($"<include>{example}</include>"))
        using (var share = ProgramRun.Start("/nonexistent", "none", $"share pattern:memory=memfd --bus {bus.Address}"))
        {
            share.WaitFor("is shared");
            Assert.Equal("u 1024\n", Tools.Run(new ProcessStartInfo("busctl", [$"--address={bus.Address}", "get-property", "org.qemu",
                SharedDisplay.Console, "org.qemu.Display1.Console", "Width"])));
            share.Terminate();
            Assert.Equal(0, share.Wait().ExitCode);
        }
    }

    [Fact]
    public void A_bus_that_is_not_there_is_one_sentence()
    {
        using var run = ProgramRun.Alone("share pattern --bus unix:path=/nonexistent/bus");
        Assert.Equal(Unavailable, run.ExitCode);
        Assert.Contains("pattern cannot be shared on the bus: the bus at unix:path=/nonexistent/bus", run.Messages, StringComparison.Ordinal);
        using var both = ProgramRun.Alone($"share pattern --bus {Address} --group 0");
        Assert.Equal(Usage, both.ExitCode);
        Assert.Contains("--bus goes without", both.Messages, StringComparison.Ordinal);
    }
}

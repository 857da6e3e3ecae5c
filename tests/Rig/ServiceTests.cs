using Guestplane.Tests.Dist;

namespace Guestplane.Tests.Rig;

public sealed class ServiceBoot() : RigBoot("forky", "service.sh", seconds: 400)
{
    protected override string Init => "systemd";

    protected override string? Missing() => base.Missing() ?? Package.Missing();

    protected override Task Prepare(string share) => Package.Make(share);
}

/// <summary>The package's system unit on a booted Debian, whose only screen is the unit's: a vGPU by each of its nodes, and a QEMU.</summary>
public sealed class ServiceTests(ServiceBoot boot) : RigTests<ServiceBoot>(boot)
{
    [Theory]
    [InlineData("group")]
    [InlineData("node")]
    [InlineData("qemu")]
    public void It_shows_its_guest_within_its_sandbox(string name)
    {
        Assert.True(Boot.ExitCode(name) == 0, Boot.Messages(name));
        AssertShown(name);
        var status = Boot.Text($"{name}.status");
        Assert.DoesNotMatch(@"Uid:\s+0\s", status);
        Assert.Matches(@"NoNewPrivs:\s+1", status);
        Assert.Matches(@"CapEff:\s+0000000000000000", status);
        Assert.Matches(@"Seccomp:\s+2", status);
    }

    [Theory]
    [InlineData("group")]
    [InlineData("node")]
    [InlineData("qemu")]
    public void It_is_back_when_it_was_killed(string name) => AssertShown($"{name}-again");

    [Fact]
    public void The_nodes_are_those_of_who_may_run_VMs() => Assert.All(
        Boot.Text("nodes").Split('\n', StringSplitOptions.RemoveEmptyEntries), node => Assert.EndsWith(" kvm 660", node, StringComparison.Ordinal));

    private void AssertShown(string name)
    {
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text($"{name}.drm"));
        Assert.Equal(LastFrame($"{name}.driver"), Boot.Frame($"{name}.png"));
    }
}

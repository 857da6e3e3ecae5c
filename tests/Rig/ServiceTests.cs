using Guestplane.Tests.Dist;

namespace Guestplane.Tests.Rig;

public sealed class ServiceBoot() : RigBoot("forky", "service.sh", seconds: 800)
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
    [InlineData("share")]
    [InlineData("qemu")]
    public void The_service_shows_its_VM_inside_its_sandbox(string name)
    {
        Assert.True(Boot.ExitCode(name) == 0, Boot.Messages(name));
        AssertShown(name);
        AssertSandbox($"{name}.status");
    }

    [Theory]
    [InlineData("group")]
    [InlineData("node")]
    [InlineData("qemu")]
    public void The_service_restarts_after_it_was_killed(string name) => AssertShown($"{name}-again");

    /// <summary>By a socket that starts the share; the kiosk is its client.</summary>
    [Fact]
    public void A_share_that_was_killed_is_found_again_by_the_client_that_waits()
    {
        AssertShown("share-restarted");
        AssertSandbox("share-unit.status");
        // A number where libnss-systemd is missing, which knows the names of dynamic users.
        Assert.Matches(@"process \d+ \(guestplane, user (guestplane-kiosk|\d+)\) looks at console 0: all planes as dma-bufs\n",
            Boot.Text("share.list"));
    }

    [Fact]
    public void A_user_outside_the_group_kvm_is_refused_and_starts_no_share()
    {
        Assert.True(Boot.ExitCode("stranger") == 77, Boot.Messages("stranger"));
        Assert.Equal("inactive\n", Boot.Text("stranger.state"));
    }

    /// <summary>With the policy of the package's examples.</summary>
    [Fact]
    public void A_vGPU_on_the_system_bus_is_seen_by_members_of_the_group_kvm_and_by_nobody_else()
    {
        Assert.True(Boot.ExitCode("bus-refused") == 69, Boot.Messages("bus-refused"));
        Assert.Contains("no program of this user the name org.qemu", Boot.Messages("bus-refused"), StringComparison.Ordinal);
        Assert.Matches("^s \".*\"\n$", Boot.Text("bus-member.name"));
        Assert.NotEqual(0, Boot.ExitCode("bus-stranger"));
        Assert.Contains("Access denied", Boot.Messages("bus-stranger"), StringComparison.OrdinalIgnoreCase);
        Assert.True(Boot.ExitCode("bus-share") == 0, Boot.Messages("bus-share"));
    }

    [Fact]
    public void The_nodes_belong_to_a_group_that_no_VM_is_in()
    {
        var nodes = Boot.Text("nodes").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // Two of the device that was there before the package, two of the one that came after it, and two that all have.
        Assert.Equal(6, nodes.Length);
        Assert.All(nodes, node => Assert.EndsWith(node.Contains("udmabuf") ? " kvm 660" : " guestplane 660", node, StringComparison.Ordinal));
    }

    private void AssertShown(string name)
    {
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text($"{name}.drm"));
        Assert.Equal(LastFrame($"{name}.driver"), Boot.Frame($"{name}.png"));
    }

    private void AssertSandbox(string file)
    {
        var status = Boot.Text(file);
        Assert.DoesNotMatch(@"Uid:\s+0\s", status);
        Assert.Matches(@"NoNewPrivs:\s+1", status);
        Assert.Matches(@"CapEff:\s+0000000000000000", status);
        Assert.Matches(@"Seccomp:\s+2", status);
    }
}

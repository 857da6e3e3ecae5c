namespace Guestplane.Tests.Rig;

public sealed class VgpuTrixieBoot() : RigBoot("trixie", "vgpu-trixie.sh", seconds: 600)
{
    /// <summary>For Debian 13's own kernel.</summary>
    protected override string Machine => Emulated;
}

/// <summary>Debian 13's hosts, within what its llvmpipe survives.</summary>
public sealed class VgpuTrixieTests(VgpuTrixieBoot boot) : RigTests<VgpuTrixieBoot>(boot)
{
    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("weston-drm")]
    public void Six_hundred_flips_are_shown_from_the_guests_own_memory(string host)
    {
        AssertSixHundredFlips(host);
    }

    [Fact]
    public void Flipping_allocates_no_managed_memory() => Assert.Equal(0, ManagedBytesPerFlip("sway-vkms"));
}

using Guestplane.Gvt.Vfio;

namespace Guestplane.Tests.Gvt;

/// <summary>What is advised about a device that another program has.</summary>
public sealed class VfioOpenerTests
{
    [Theory]
    [InlineData("qemu-system-x86", "qemu-system-x86_64 -nographic", "show its device by pid:7")]
    [InlineData("guestplane", "guestplane show vfio:1", "end guestplane (pid 7) first")]
    [InlineData("guestplane", "", "end guestplane (pid 7) first")]
    [InlineData("guestplane", "/usr/bin/guestplane share vfio:1", "it is shared, so show it by its socket (guestplane list has that)")]
    [InlineData("guestplane", "guestplane share vfio:1 --socket /run/vm/screen", "it is shared, so show it by qemu:socket=/run/vm/screen")]
    [InlineData("guestplane", "guestplane share --socket=/run/vm/screen vfio:1", "it is shared, so show it by qemu:socket=/run/vm/screen")]
    [InlineData("guestplane", "guestplane share vfio:1 --bus session", "it is shared on a bus, so show it from there")]
    [InlineData("guestplane", "guestplane share vfio:1 --bus=session", "it is shared on a bus, so show it from there")]
    [InlineData("guestplane", "guestplane share vfio:1 --socket", "it is shared, so show it by its socket (guestplane list has that)")]
    public void The_remedy_fits_the_program_that_holds_the_device(string name, string command, string remedy) =>
        Assert.Equal(remedy, VfioOpener.Remedy([(7, name)], pid => command.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [Fact]
    public void A_relative_socket_is_one_of_the_shares_folder() => Assert.Equal(
        $"it is shared, so show it by qemu:socket={Path.Combine(Environment.CurrentDirectory, "screen")}",
        VfioOpener.Remedy([(Environment.ProcessId, "guestplane")], _ => ["guestplane", "share", "vfio:1", "--socket", "screen"]));

    [Fact]
    public void A_guestplane_that_borrows_a_VMs_device_is_the_one_to_end() =>
        Assert.Equal("end guestplane (pid 8) first", VfioOpener.Remedy([(7, "qemu-kvm"), (8, "guestplane")], _ => []));
}

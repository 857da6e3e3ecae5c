using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Tests.Gvt;

/// <summary>A VMM changes while its devices are looked for.</summary>
public sealed class VmmProcessTests
{
    [Fact]
    public void A_device_that_is_closed_in_that_moment_is_none_of_its_devices()
    {
        using var vmm = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true })!;
        using var process = Pidfd.Open(vmm.Id);
        var refused = Assert.Throws<SourceException>(() => VmmProcess.Collect([], process, vmm.Id, [(600, ""), (700, "")]));
        Assert.Equal(SourceFault.NotThere, refused.Fault);
        Assert.Equal($"None of the 2 VFIO devices of cat (pid {vmm.Id}) has display planes.", refused.Message);
        vmm.StandardInput.Close();
        vmm.WaitForExit();
    }

    [Fact]
    public void A_process_that_ends_in_that_moment_has_ended()
    {
        using var vmm = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true })!;
        using var process = Pidfd.Open(vmm.Id);
        vmm.StandardInput.Close();
        vmm.WaitForExit();
        var refused = Assert.Throws<SourceException>(() => VmmProcess.Collect([], process, vmm.Id, [(0, "")]));
        Assert.Equal(SourceFault.NotThere, refused.Fault);
        Assert.Equal($"The process {vmm.Id} has ended.", refused.Message);
    }
}

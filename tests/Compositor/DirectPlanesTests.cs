using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>--planes, where there is no vGPU that could be asked, by the program itself.</summary>
public sealed class DirectPlanesTests : IDisposable
{
    private const int Usage = 64, NoSource = 66;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-planes-");
    private readonly FakeQemu _qemu = new(new QemuSetup { Consoles = [new()] });

    public void Dispose()
    {
        _qemu.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void A_VM_without_a_vGPU_cannot_be_asked_directly()
    {
        var source = $"qemu:qmp={new FakeQmp(_qemu, Path.Combine(_folder.FullName, "qmp")).SocketPath}";
        using var run = ProgramRun.Alone($"show {source} --planes vfio");
        Assert.Equal(NoSource, run.ExitCode);
        // The process that listens at the socket, and not the one that made the display's socket: guestplane itself.
        Assert.Matches($@"^guestplane: {source} cannot be shown: the command line of .* \(pid {Environment.ProcessId}\) has no -device "
            + "vfio-pci,display=on for a console that is shown; --planes auto leaves the planes to QEMU.", run.Messages);
        Assert.Equal(0, _qemu.Console.ListenersRegistered);
    }

    [Theory]
    [InlineData("qemu")]
    [InlineData("vfio")]
    public void Other_sources_have_one_way_only(string way)
    {
        using var run = ProgramRun.Alone($"show pattern --planes {way}");
        Assert.Equal((Usage, "guestplane: --planes is for qemu: and libvirt: sources, and pattern is neither."),
            (run.ExitCode, run.Messages.Trim()));
    }
}

using System.Diagnostics;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>A domain of the distribution's libvirt, on the distribution's sway.</summary>
public sealed class LibvirtTests
{
    private const string Uri = "LIBVIRT_DEFAULT_URI";

    [Fact]
    public async Task A_domain_is_listed_shown_and_its_end_is_told()
    {
        using var libvirt = await LibvirtDaemon.Start();
        using var host = await HeadlessSway.Start();
        Assert.Contains($"libvirt:{LibvirtDaemon.Domain}", Tools.Run(new(Repository.Program, ["list"]) { Environment = { [Uri] = libvirt.Uri } }));
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show libvirt:{LibvirtDaemon.Domain} --scale 1:1", (Uri, libvirt.Uri));
        await Tools.Until(() => White(host.Screenshot()) > 100, () => "no firmware's text is on the screen");
        Assert.Equal(LibvirtDaemon.Domain, Assert.Single(host.Windows()).Title);
        libvirt.Do("destroy", LibvirtDaemon.Domain);
        Assert.Equal(74, show.Wait().ExitCode);
    }

    [Fact]
    public async Task A_domain_that_is_not_there_is_said_in_libvirts_words()
    {
        using var libvirt = await LibvirtDaemon.Start();
        using var host = await HeadlessSway.Start();
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, "show libvirt:nobody", (Uri, libvirt.Uri));
        Assert.Equal(66, show.Wait().ExitCode);
        Assert.Contains("Domain not found", show.Messages);
    }

    private static int White(Png shot)
    {
        var white = 0;
        for (var y = 0; y < shot.Height; y++)
            for (var x = 0; x < shot.Width; x++)
                white += (shot[x, y] & 0xff) > 0x80 ? 1 : 0;
        return white;
    }
}

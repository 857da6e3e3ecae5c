using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>A domain of the distribution's libvirt, on the distribution's sway.</summary>
public sealed class LibvirtTests
{
    private const string Uri = "LIBVIRT_DEFAULT_URI";

    [Fact]
    public async Task A_domain_is_listed_and_shown_and_its_end_is_reported()
    {
        using var libvirt = await LibvirtDaemon.Start();
        using var host = await HeadlessSway.Start();
        Assert.Contains($"libvirt:{LibvirtDaemon.Domain}", Tools.Run(new(Repository.Program, ["list", "--connect", libvirt.Uri])));
        using var show = ProgramRun.Start(
            host.RuntimeDir, HeadlessSway.DisplayName, $"show libvirt:{LibvirtDaemon.Domain} --scale 1:1 --connect {libvirt.Uri}");
        await Tools.Until(() => White(host.Screenshot()) > 100, () => "no firmware's text is on the screen");
        Assert.Equal(LibvirtDaemon.Domain, Assert.Single(host.Windows()).Title);
        libvirt.Do("destroy", LibvirtDaemon.Domain);
        Assert.Equal(74, show.Wait().ExitCode);
    }

    [Theory]
    [InlineData("domuuid")]
    [InlineData("domid")]
    public async Task A_domain_is_found_by_its_UUID_and_its_number(string query)
    {
        using var libvirt = await LibvirtDaemon.Start();
        using var host = await HeadlessSway.Start();
        var source = $"libvirt:{libvirt.Do(query, LibvirtDaemon.Domain).Trim()}";
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show {source}", (Uri, libvirt.Uri));
        await Tools.Until(() => host.Windows() is [{ } window] && window.Title == LibvirtDaemon.Domain, () => "it is not shown");
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
    }

    [Fact]
    public async Task A_missing_domain_is_reported_with_libvirts_message()
    {
        using var libvirt = await LibvirtDaemon.Start();
        using var host = await HeadlessSway.Start();
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, "show libvirt:nobody", (Uri, libvirt.Uri));
        Assert.Equal(66, show.Wait().ExitCode);
        Assert.Contains("Domain not found", show.Messages);
        Assert.Contains("if it is one of qemu:///system, add --connect qemu:///system.", show.Messages);
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

using System.Diagnostics;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Compositor;

/// <summary>Which of a domain's displays the program asks libvirt for, by a library in libvirt's place that has one domain.</summary>
public sealed class LibvirtDisplayTests : IDisposable
{
    private const int NoSource = 66;

    private const string Library =
        """
        #include <stdlib.h>
        #include <stdio.h>
        #include <string.h>
        static char problem[64] = "no error";
        void virSetErrorFunc(void *data, void *handler) {}
        void *virConnectOpen(const char *uri) { return problem; }
        void *virConnectOpenReadOnly(const char *uri) { return problem; }
        int virConnectClose(void *connection) { return 0; }
        void *virDomainLookupByName(void *connection, const char *name) { return problem; }
        int virConnectListAllDomains(void *connection, void ***domains, unsigned flags)
        {
            *domains = calloc(1, sizeof(void *));
            **domains = problem;
            return 1;
        }
        const char *virDomainGetName(void *domain) { return "vm"; }
        char *virDomainGetXMLDesc(void *domain, unsigned flags) { return strdup(getenv("DOMAIN")); }
        int virDomainOpenGraphicsFD(void *domain, unsigned index, unsigned flags)
        {
            snprintf(problem, sizeof problem, "display %u is not open", index);
            return -1;
        }
        int virDomainFree(void *domain) { return 0; }
        const char *virGetLastErrorMessage(void) { return problem; }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-libvirt-");

    public LibvirtDisplayTests()
    {
        Assert.SkipUnless(Tools.Has("gcc"), "gcc is not installed");
        var source = Path.Combine(_folder.FullName, "libvirt.c");
        File.WriteAllText(source, Library);
        Tools.Run(new("gcc", ["-shared", "-fPIC", "-o", Path.Combine(_folder.FullName, "libvirt.so.0"), source]));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("<graphics type='dbus' p2p='yes'/>", "display 0 is not open")]
    [InlineData("<graphics type='spice' autoport='yes'><listen type='address'/></graphics><graphics type='dbus' p2p='yes'/>",
        "display 1 is not open")]
    [InlineData("<graphics type='spice'/>", "it has no D-Bus display")]
    public void The_D_Bus_display_is_asked_for_wherever_it_stands(string devices, string problem)
    {
        var environment = Environment($"<domain><devices>{devices}</devices></domain>");
        using var run = ProgramRun.Start("/nonexistent", "none", $"share libvirt:vm --socket {_folder.FullName}/share", environment);
        Assert.Equal(NoSource, run.Wait().ExitCode);
        Assert.Equal($"guestplane: libvirt:vm cannot be shown: libvirt: {problem} (the domain must run, and needs "
            + "<graphics type='dbus' p2p='yes'/>).", run.Messages.Trim());
    }

    [Theory]
    [InlineData("<graphics type='spice'/><graphics type='dbus' p2p='yes'/>", true)]
    [InlineData("<graphics type='spice'/>", false)]
    public void Only_a_domain_with_a_D_Bus_display_is_listed(string devices, bool isListed)
    {
        var start = new ProcessStartInfo(Repository.Program, ["list"]);
        foreach (var (name, value) in Environment(devices))
            start.Environment[name] = value;
        Assert.Equal(isListed, Tools.Run(start).Contains("libvirt:vm", StringComparison.Ordinal));
    }

    private (string Name, string Value)[] Environment(string domain) => [("LD_LIBRARY_PATH", _folder.FullName), ("DOMAIN", domain)];
}

namespace Guestplane.Tests.Dist;

/// <summary>The Debian package, in a Debian that knows nothing of us.</summary>
public sealed class PackageTests : IClassFixture<CleanDebian>
{
    private readonly CleanDebian _debian;

    public PackageTests(CleanDebian debian)
    {
        _debian = debian;
        debian.SkipIfMissing();
    }

    [Theory]
    [InlineData("install")]
    [InlineData("verify")]
    [InlineData("purge")]
    [InlineData("desktop")]
    [InlineData("metainfo")]
    [InlineData("links")]
    [InlineData("udev")]
    [InlineData("system-unit")]
    [InlineData("user-unit")]
    [InlineData("hardening")]
    [InlineData("share-units")]
    [InlineData("share-hardening")]
    public void What_it_installs_is_as_its_readers_want_it(string check) => _debian.Output(check);

    [Fact]
    public void Lintian_finds_no_errors() => Assert.DoesNotContain("E: ", _debian.Output("lintian"), StringComparison.Ordinal);

    [Fact]
    public void The_program_tells_its_version_and_its_libraries()
    {
        var lines = _debian.Output("version").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Guestplane.Compositor.ProgramName.Text, lines[0]);
        Assert.Contains(lines, line => line.StartsWith("libwayland-client.so.0: /usr/lib/", StringComparison.Ordinal));
        Assert.Contains("libvirt.so.0: not found; no libvirt: source can be shown", lines);
    }

    [Fact]
    public void Every_man_page_renders_without_a_warning()
    {
        foreach (var page in ManPage.Names.Append("guestplane.conf"))
        {
            Assert.Equal("", _debian.Output($"man-{page}"));
            Assert.Contains($"{page} - ", _debian.Text($"{page}.text"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void The_shells_complete(string shell) => Assert.Equal(
        """
        guestplane show
        guestplane show pattern
        guestplane show qemu:
        guestplane show --cursor
        guestplane show --cursor pointer
        guestplane show pattern --cursor=pointer
        guestplane show --scale 1:1
        guestplane show libvirt:
        guestplane show pattern:rate=
        guestplane show pattern:still,format=NV12
        guestplane probe pattern
        guestplane show pattern --keys fullscreen=F12,screenshot=
        guestplane share pattern --bus session

        """, _debian.Output(shell));

    [Theory]
    [InlineData("weston")]
    [InlineData("weston-kiosk")]
    [InlineData("cage-kiosk")]
    public void The_pattern_is_shown(string host)
    {
        var head = _debian.Head(host);
        Assert.Equal(60, head.GetProperty("flips").GetInt32());
        Assert.True(head.GetProperty("presented").GetInt32() > 0);
    }

    [Fact]
    public void A_socket_of_the_share_unit_is_for_the_group_kvm()
    {
        Assert.SkipUnless(_debian.Has("share-unit"), "The clean Debian was not booted: it got no cgroup of its own");
        _debian.Output("share-unit");
    }

    [Theory]
    [InlineData("broken-unit")]
    [InlineData("cage-unit")]
    [InlineData("weston-unit")]
    [InlineData("session-unit")]
    public void A_kiosk_that_is_killed_or_hangs_is_started_again_and_one_that_cannot_work_fails(string check)
    {
        Assert.SkipUnless(_debian.Has(check), "The clean Debian was not booted: it got no cgroup of its own");
        _debian.Output(check);
    }
}

using Guestplane.Linux;
using Guestplane.Linux.Drm;

namespace Guestplane.Tests.Linux;

/// <summary>On folders like sysfs'.</summary>
public sealed class RealPathTests : IDisposable
{
    private readonly string _root = RealPath.Of(Directory.CreateTempSubdirectory("guestplane-real-path-").FullName)!;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_relative_link_in_a_folder_that_is_reached_by_a_link_is_followed_from_where_it_is()
    {
        Card("gpu");
        Assert.Equal(In("devices/gpu"), RealPath.Of(In("char/226:0/device")));
    }

    [Fact]
    public void A_path_without_links_is_itself_and_one_that_does_not_exist_is_null()
    {
        Card("gpu");
        Assert.Equal(In("devices/gpu"), RealPath.Of(In("devices/./gpu/../gpu")));
        Assert.Null(RealPath.Of(In("devices/other")));
        Assert.Null(RealPath.Of(In("char/226:0/other")));
    }

    [Fact]
    public void Links_in_a_circle_are_no_path()
    {
        File.CreateSymbolicLink(In("one"), "two");
        File.CreateSymbolicLink(In("two"), "one");
        Assert.Null(RealPath.Of(In("one")));
    }

    [Fact]
    public void A_GPU_is_one_however_many_connectors_it_has()
    {
        Card("gpu");
        Assert.Equal([In("devices/gpu")], DrmNode.Devices(In("class")));
        Assert.Empty(DrmNode.Devices(In("other")));
    }

    private string In(string path) => Path.Combine(_root, path);

    /// <summary>A card with a connector, as the kernel lays it out.</summary>
    private void Card(string name)
    {
        Directory.CreateDirectory(In($"devices/{name}/drm/card0/card0-HDMI-A-1"));
        Directory.CreateDirectory(In("class"));
        Directory.CreateDirectory(In("char"));
        Directory.CreateSymbolicLink(In($"devices/{name}/drm/card0/device"), $"../../../{name}");
        Directory.CreateSymbolicLink(In($"devices/{name}/drm/card0/card0-HDMI-A-1/device"), "../../card0");
        Directory.CreateSymbolicLink(In("class/card0"), $"../devices/{name}/drm/card0");
        Directory.CreateSymbolicLink(In("class/card0-HDMI-A-1"), $"../devices/{name}/drm/card0/card0-HDMI-A-1");
        Directory.CreateSymbolicLink(In("char/226:0"), $"../devices/{name}/drm/card0");
    }
}

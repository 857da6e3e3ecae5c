using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Tests.Gvt;

/// <summary>What a screenshot is made of, and where it goes.</summary>
public sealed class StillImageTests
{
    private const int Side = 4;

    /// <summary>The last image of a vGPU that was removed is still the head's newest flip.</summary>
    [Fact]
    public void The_image_of_a_VM_that_has_ended_is_none()
    {
        var layout = new PlaneLayout(Side, Side, Fourcc.Xrgb8888, Modifier.Linear, [new(0, Side * 4, 0)]);
        var scanout = Scanout.Create([Memfd.Create("image", Side * Side * 4)], layout, out _, MemoryKind.Shared)!;
        var flip = new Flip(PlaneKind.Primary, scanout, default, default, Changed: true, 0);
        Assert.Equal((Side, Side), (StillImage.Of(flip)!.Width, StillImage.Of(flip)!.Height));
        scanout.Dispose();
        Assert.Null(StillImage.Of(flip));
    }

    [Fact]
    public void A_file_that_exists_is_left_alone_and_no_link_is_followed()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-still-");
        var (file, link) = (Path.Combine(folder.FullName, "file"), Path.Combine(folder.FullName, "link"));
        File.WriteAllText(file, "mine");
        File.CreateSymbolicLink(link, Path.Combine(folder.FullName, "target"));
        foreach (var path in new[] { file, link })
            Assert.Contains("is not written", Assert.Throws<InvalidDataException>(
                () => Guestplane.Linux.Png.Write(path, 1, 1, new byte[3])).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(file));
        Assert.False(File.Exists(Path.Combine(folder.FullName, "target")));
        folder.Delete(recursive: true);
    }
}

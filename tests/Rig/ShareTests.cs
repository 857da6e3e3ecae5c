namespace Guestplane.Tests.Rig;

/// <summary>guestplane share as root, and three viewers that are a user without rights to any device.</summary>
public sealed partial class VgpuSwayTests
{
    private const int Viewers = 3;

    [Fact]
    public void A_viewer_of_a_shared_vGPU_shows_its_own_memory_without_rights_to_it()
    {
        var head = AssertZeroCopy("share-full");
        AssertImportedOnce(head, buffers: 2);
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("share.drm"));
        Assert.Equal(LastFrame("share.driver"), Boot.Frame("share.png"));
    }

    [Fact]
    public void Two_more_viewers_show_the_same_vGPU_in_windows()
    {
        AssertImportedOnce(AssertTransport("share-left", "dmabuf"), buffers: 2);
        // This one looked until the vGPU was no longer shared.
        Assert.Equal(74, Boot.ExitCode("share-right"));
        var head = Boot.Head("share-right");
        Assert.Equal("dmabuf", head.GetProperty("transport").GetString());
        Assert.True(Count(head, "presented") > 0, $"nothing was presented\n{head}");
    }

    [Fact]
    public void Each_dmabuf_is_got_from_the_kernel_once_for_all_viewers()
    {
        Assert.Equal(2, Boot.Number("share.gets"));
        Assert.Equal(2, Boot.Number("share.all-gets"));
    }

    [Fact]
    public void Sharing_six_hundred_flips_takes_no_memory_and_no_descriptors()
    {
        // The pages that the process has of its own: 24 bytes, the smallest object, per flip and viewer would be eleven pages.
        Assert.InRange(Boot.Number("share.after-kib") - Boot.Number("share.before-kib"), -1024, 24 * 600 * Viewers / 1024 - 1);
        Assert.Equal(Boot.Number("share.before-fds"), Boot.Number("share.after-fds"));
    }

    [Fact]
    public void A_share_that_ends_leaves_the_vGPU_to_others()
    {
        Assert.True(Boot.ExitCode("share") == 0, Boot.Messages("share"));
        Assert.True(Boot.ExitCode("share-after") == 0, Boot.Text("share-after.driver"));
    }
}

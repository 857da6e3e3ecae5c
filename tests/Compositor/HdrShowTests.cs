using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>What the program tells a compositor about HDR images, which may take its time or refuse.</summary>
public sealed class HdrShowTests
{
    private const string Manager = "wp_color_manager_v1", Hdr10 = "11,6", None = "";
    private const string Pattern = "show pattern:memory=memfd,size=640x480,format=XR30,no-cursor --seconds 60";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_HDR_image_has_the_description_and_others_have_none(int version)
    {
        using var host = new FakeHost(Setup().With(Manager, version));
        using var run = ProgramRun.Start(host, $"{Pattern} --hdr pq");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer: not null, Description: Hdr10 }, QemuDesktop.Soon));
        Assert.All(host.Surfaces, surface => Assert.Equal(surface.Id == ShowTests.Primary(host)!.Id ? Hdr10 : None, surface.Description));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.True(run.Head.GetProperty("hdr").GetBoolean());
        Assert.Single(host.Transcript.Matching(".create_parametric_creator("));
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" --hdr none")]
    public void Without_the_users_word_nothing_is_said_or_bound(string options)
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, $"show pattern:memory=memfd,format=XR30 --frames 10{options}");
        Assert.Equal(0, run.ExitCode);
        Assert.False(run.Head.GetProperty("hdr").GetBoolean());
        Assert.DoesNotContain(host.Transcript.Matching(Manager), line => !line.Contains(".global(", StringComparison.Ordinal));
    }

    /// <summary>The one image of a still VM is committed again; until then it is shown as any other.</summary>
    [Fact]
    public void A_compositor_that_takes_its_time_is_told_with_a_commit_of_its_own()
    {
        using var memory = QemuDesktop.Memory(0x80);
        using var desktop = QemuDesktop.Shown("--hdr pq --cursor subsurface", host: setup => setup.ColorSupport = new() { Answer = DescriptionAnswer.Held });
        desktop.Show(memory);
        desktop.Qemu.Console.CursorDefine(4, 4, 0, 0, new byte[64]);
        desktop.Qemu.Console.MouseSet(10, 10, true);
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer: not null, Description: None }
            && ShowTests.Cursor(h) is { Buffer: not null, Description: None });
        desktop.Host.AnswerDescriptions();
        desktop.Wait(h => ShowTests.Primary(h)!.Description == Hdr10 && ShowTests.Cursor(h)!.Description == Hdr10);
        desktop.End();
    }

    /// <summary>HDR10 has the matrix of BT.2020.</summary>
    [Theory]
    [InlineData("", HostColor.Bt2020)]
    [InlineData(" --color bt709", HostColor.Bt709)]
    public void A_YUV_image_has_the_matrix_of_HDR10_unless_the_user_says_another(string options, uint matrix)
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"show pattern:memory=memfd,size=640x480,format=NV12,no-cursor --seconds 60 --hdr pq{options}");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer: not null, Description: Hdr10 } primary
            && primary.Color == new HostColor(matrix, HostColor.Limited, 0), QemuDesktop.Soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>What the plane was on must not keep it.</summary>
    [Fact]
    public void A_plane_that_is_off_and_on_again_has_it_again()
    {
        using var memory = QemuDesktop.Memory(0x80);
        using var desktop = QemuDesktop.Shown("--hdr pq");
        for (var round = 0; round < 3; round++)
        {
            desktop.Show(memory);
            desktop.Wait(h => ShowTests.Primary(h) is { Buffer: not null, Description: Hdr10 });
            desktop.Qemu.Console.Disable();
            desktop.Wait(h => ShowTests.Primary(h) is { Buffer: null, Description: None });
        }
        desktop.End();
    }

    [Theory]
    [InlineData("no manager", "the compositor has no wp_color_manager_v1")]
    [InlineData("no parameters", "the compositor does not know BT.2020 with PQ")]
    [InlineData("no PQ", "the compositor does not know BT.2020 with PQ")]
    [InlineData("no BT.2020", "the compositor does not know BT.2020 with PQ")]
    [InlineData("failed", "the compositor cannot show BT.2020 with PQ (too bright)")]
    [InlineData("failed and ready", "the compositor cannot show BT.2020 with PQ (too bright)")]
    public void A_compositor_that_cannot_be_told_shows_it_all_the_same_and_one_sentence_says_why(string with, string why)
    {
        var setup = Setup(with switch { "failed" => DescriptionAnswer.Failed, "failed and ready" => DescriptionAnswer.Both, _ => default });
        setup.ColorSupport = with switch
        {
            "no parameters" => setup.ColorSupport with { Features = [0] },
            "no PQ" => setup.ColorSupport with { Curves = [2, 99] },
            "no BT.2020" => setup.ColorSupport with { Primaries = [HostColorSupport.Srgb] },
            _ => setup.ColorSupport,
        };
        using var host = new FakeHost(with == "no manager" ? setup.Without(Manager) : setup);
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,format=XR30 --frames 30 --hdr pq");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(1, run.Messages.Split($"--hdr has no effect: {why}.").Length - 1);
        Assert.False(run.Head.GetProperty("hdr").GetBoolean());
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_compositor_that_never_answers_holds_nothing_up()
    {
        using var host = new FakeHost(Setup(DescriptionAnswer.Held));
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,format=XR30 --frames 30 --hdr pq");
        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain("--hdr", run.Messages, StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_compositor_that_is_back_is_told_again()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"{Pattern} --hdr pq --reconnect");
        for (var round = 1; round <= 3; round++)
        {
            Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Description == Hdr10, QemuDesktop.Soon));
            host.DropClients();
        }
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Description == Hdr10, QemuDesktop.Soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    private static HostSetup Setup(DescriptionAnswer answer = default) => new(Repository.Protocols)
    {
        ColorSupport = new() { Answer = answer },
    };
}

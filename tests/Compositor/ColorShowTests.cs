using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>What the program tells a compositor about the colours of YUV images. The fake one rejects it for RGB.</summary>
public sealed class ColorShowTests
{
    private const string Manager = "wp_color_representation_manager_v1";
    private static readonly HostColor s_sd = new(HostColor.Bt601, HostColor.Limited, 0);

    [Theory]
    [InlineData("size=640x480,format=NV12", "", HostColor.Bt601, HostColor.Limited, 0)]
    [InlineData("format=NV12,size=1280x720", "", HostColor.Bt709, HostColor.Limited, 0)]
    [InlineData("size=640x480,format=YUYV", "", 0, 0, 0)]
    [InlineData("format=P010,color=bt2020", "--color bt2020-topleft", HostColor.Bt2020, HostColor.Limited, 3)]
    [InlineData("format=NV12,color=bt709-full", "--color bt709-full-center", HostColor.Bt709, HostColor.Full, 2)]
    [InlineData("format=NV12", "--color bt709-left", HostColor.Bt709, HostColor.Limited, 1)]
    [InlineData("format=YUYV", "--color bt709-left", 0, 0, 0)]
    [InlineData("format=XR24", "--color bt709", 0, 0, 0)]
    [InlineData("format=XR24", "", 0, 0, 0)]
    public void A_YUV_image_has_its_model(string pattern, string options, uint coefficients, uint range, uint location)
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, $"show pattern:memory=memfd,{pattern} --seconds 60 {options}".TrimEnd());
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, QemuDesktop.Soon));
        Assert.Equal(new HostColor(coefficients, range, location), ShowTests.Primary(host)!.Color);
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>The image is tried by dma-buf, taken off the surface and tried again, which must never leave its colours behind.</summary>
    [Fact]
    public void A_YUV_image_that_is_given_up_and_tried_again_has_its_model()
    {
        using var host = new FakeHost(Setup());
        host.Faults.Unreadable = UnreadableDmabufs.Discarded;
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480,format=NV12,no-cursor --seconds 60");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer: null, Color: var color } && color == default
            && h.Transcript.Matching(".set_coefficients_and_range(").Count > 0, QemuDesktop.Soon));
        host.Faults.Unreadable = UnreadableDmabufs.None;
        host.Configure(800, 600);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer: not null, Color: var color } && color == s_sd, QemuDesktop.Soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>Each change of the format changes what is said in the same commit, or the compositor ends the connection.</summary>
    [Fact]
    public void What_is_said_changes_with_the_image()
    {
        using var memory = QemuDesktop.Memory(0x80);
        using var desktop = QemuDesktop.Shown("--color bt601-left");
        for (var round = 0; round < 3; round++)
        {
            desktop.Show(Nv12(memory));
            desktop.Wait(h => ShowTests.Primary(h)!.Color == s_sd with { ChromaLocation = 1 });
            desktop.Qemu.Console.UpdateDmabuf(0, 0, 64, 48);
            desktop.Show(memory);
            desktop.Wait(h => ShowTests.Primary(h)!.Color == default);
        }
        desktop.Show(Nv12(memory));
        desktop.Wait(h => ShowTests.Primary(h)!.Color != default);
        desktop.Qemu.Console.Disable();
        desktop.Wait(h => ShowTests.Primary(h)!.Buffer is null);
        desktop.Show(memory);
        desktop.Wait(h => ShowTests.Primary(h)!.Buffer is not null);
        desktop.End();
    }

    [Fact]
    public void Ten_flips_of_one_model_say_it_once()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480,format=NV12,no-cursor --frames 10");
        Assert.Equal(0, run.ExitCode);
        Assert.Single(host.Transcript.Matching(".set_coefficients_and_range("));
    }

    [Theory]
    [InlineData(false, "", null)]
    [InlineData(false, "--color bt709", $"--color has no effect: the compositor has no {Manager}.")]
    [InlineData(true, "", null)]
    [InlineData(true, "--color bt709", "--color has no effect: the compositor cannot be told the colours of YUV images.")]
    public void What_the_compositor_does_not_know_is_not_said(bool isThere, string options, string? sentence)
    {
        using var host = new FakeHost(isThere ? Setup(colors: [(HostColor.Identity, HostColor.Full)]) : Setup().Without(Manager));
        using var run = ProgramRun.ToEnd(host, $"show pattern:memory=memfd,format=NV12 --frames 10 {options}".TrimEnd());
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(sentence is not null, run.Messages.Contains("--color", StringComparison.Ordinal));
        Assert.Contains(sentence ?? "", run.Messages, StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_model_that_is_not_among_the_compositors_is_named_with_those_that_are()
    {
        using var host = new FakeHost(Setup(colors: [(HostColor.Bt601, HostColor.Full), (HostColor.Bt709, HostColor.Limited), (HostColor.Bt2020, 7), (99, HostColor.Full)]));
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,format=NV12 --frames 10 --color bt2020");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("--color has no effect: the compositor can be told bt601-full, bt709.", run.Messages, StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_word_that_is_no_model_is_refused()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd --color bt708");
        Assert.Equal(64, run.ExitCode);
        Assert.Contains("--color has the form bt601|bt709|bt2020[-full][-left|-center|-topleft], and is not \"bt708\".", run.Messages,
            StringComparison.Ordinal);
    }

    private static HostSetup Setup(params (uint Coefficients, uint Range)[] colors)
    {
        var setup = new HostSetup(Repository.Protocols) { Formats = [.. new[] { "XR24", "AR24", "NV12", "P010", "YUYV" }.Select(name => new HostFormat(name))] };
        if (colors.Length > 0)
            setup.Colors = colors;
        return setup;
    }

    internal static QemuDmabuf Nv12(Fd memory) => new()
    {
        Fds = [memory],
        Width = 64,
        Height = 48,
        Strides = [64, 64],
        Offsets = [0, 64 * 48],
        Fourcc = HostFormat.Code("NV12"),
        IsTopFirst = false,
    };
}

using System.Diagnostics;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Compositor;

/// <summary>What the shells' completions are told by the program.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("show ", "pattern", "qemu:", "libvirt:", "pid:")]
    [InlineData("kiosk ", "pattern", "qemu:", "libvirt:", "pid:")]
    [InlineData("probe ", "pattern", "qemu:", "libvirt:", "pid:")]
    [InlineData("scanout-test --source ", "pattern", "qemu:")]
    [InlineData("show --color ", "bt601", "bt709-full", "bt2020")]
    [InlineData("show pattern:", "pattern:size=", "pattern:format=NV12", "pattern:memory=udmabuf", "pattern:no-cursor", "pattern:still")]
    [InlineData("show pattern --scale ", "fit", "integer", "1:1", "stretch")]
    [InlineData("show pattern --output ", "FAKE-1")]
    [InlineData("show pattern --layout ", "0=FAKE-1")]
    [InlineData("kiosk pattern:heads=2,memory=memfd --layout ", "0=FAKE-1", "1=FAKE-1")]
    [InlineData("show pattern --keys ", "fullscreen=", "screenshot=", "send-ctrl-alt-f12=")]
    [InlineData("share pattern --bus ", "session", "system")]
    public void A_word(string line, params string[] words)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        Assert.Subset(Suggested(line, host.RuntimeDir, host.DisplayName), words.ToHashSet());
    }

    [Theory]
    [InlineData("show pattern:heads=x --layout ")]
    [InlineData("show qemu:qmp=/nonexistent --layout ")]
    [InlineData("show --layout ")]
    public void No_heads_of_a_source_that_would_have_to_be_opened_or_is_none(string line)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        Assert.DoesNotContain(Suggested(line, host.RuntimeDir, host.DisplayName), word => word.Contains('=', StringComparison.Ordinal));
    }

    [Fact]
    public void No_outputs_without_a_compositor() => Assert.Empty(Suggested("show pattern --output ", "/nonexistent", "none"));

    private static HashSet<string> Suggested(string line, string runtimeDir, string display)
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        line = $"guestplane {line}";
        var start = new ProcessStartInfo(Repository.Program, [$"[suggest:{line.Length}]", line]);
        (start.Environment["XDG_RUNTIME_DIR"], start.Environment["WAYLAND_DISPLAY"]) = (runtimeDir, display);
        return [.. Tools.Run(start).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}

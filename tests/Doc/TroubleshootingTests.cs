using Guestplane.Tests.House;

namespace Guestplane.Tests.Doc;

/// <summary>doc/troubleshooting.md has a row for everything that the program can say while it shows a VM.</summary>
public sealed class TroubleshootingTests
{
    private static readonly MarkdownPage s_page = new("doc/troubleshooting.md");
    private static readonly Sentences s_sentences = new(Checkout.Own);

    /// <summary>Those that pass on a sentence that is made elsewhere.</summary>
    private static readonly string[] s_passedOn =
    [
        // Those of QemuGuest, which have rows as clauses.
        "src/Gvt/Qemu/QemuGuest.cs: why",
        "src/Gvt/Qemu/QmpGuest.cs: why",
        "src/Gvt/Qemu/QemuSource.cs: clause",
        "src/Gvt/Qemu/DirectPlanes.cs: clause",
        "src/Compositor/Show/Show.cs: _guest.Problem",
        "src/Compositor/Probing/Trial.cs: _guest.Problem",
        "src/Compositor/Command/ShareCommand.cs: guest.Problem",
        "src/Compositor/Command/Program.cs: guest.Problem",
        "src/Compositor/Show/Show.cs: _refused = sentence",
        // An option's own sentence, with the line of the file.
        "src/Compositor/Command/ConfigFile.cs: $\"{_path}:{line.Number}: {e.Message}\"",
        // A call of the kernel and its errno.
        "src/Gvt/Vfio/VfioOpener.cs: $\"{new LinuxException(call, -result).Message}.\"",
        // A file, and the errno of what failed.
        "src/Compositor/OutputFile.cs: $\"{what}: {Failure.Cause(cause)}.\"",
        "src/Compositor/Show/Show.cs: e.Message",
        "src/Compositor/Command/ScanoutTestCommand.cs: e.Message",
        // What was measured.
        "src/Compositor/Show/Show.cs: line",
        "src/Compositor/Command/ScanoutTestCommand.cs: unjudged",
        // Those of Failure, of SurfaceHints and of PlaneTransports, which have rows.
        "src/Compositor/Command/Program.cs: line",
        "src/Compositor/Show/Desktop.cs: sentence",
        "src/Compositor/Report/PlaneMessages.cs: sentence",
        "warning: …",
    ];

    [Fact]
    public void Every_sentence_of_the_program_has_a_row() => Missing(s_sentences.Said).Except(s_passedOn).MustBeNone();

    [Theory]
    [InlineData("src/Compositor/Failure.cs")]
    [InlineData("src/Compositor/Head/SurfaceHints.cs")]
    [InlineData("src/Compositor/Host/HostColors.cs")]
    [InlineData("src/Compositor/Plane/PlaneTransports.cs")]
    [InlineData("src/Gvt/PlaneLayout.cs")]
    [InlineData("src/Gvt/Qemu/BusVm.cs")]
    [InlineData("src/Gvt/Qemu/DirectPlanes.cs")]
    [InlineData("src/Gvt/Qemu/DisplayReader.cs")]
    [InlineData("src/Gvt/Qemu/QemuConnection.cs")]
    [InlineData("src/Gvt/Qemu/QemuConsole.cs")]
    [InlineData("src/Gvt/Qemu/QemuGuest.cs")]
    [InlineData("src/Gvt/Qemu/QemuImages.cs")]
    [InlineData("src/Gvt/Qemu/QemuSource.cs")]
    [InlineData("src/Gvt/Qemu/Qmp.cs")]
    [InlineData("src/Gvt/Qemu/QmpChannel.cs")]
    [InlineData("src/Gvt/Qemu/QmpGuest.cs")]
    [InlineData("src/Gvt/Vfio/VfioGuest.cs")]
    [InlineData("src/Gvt/Vfio/VfioPlane.cs")]
    [InlineData("src/Gvt/Vfio/VfioRegionPlane.cs")]
    public void Every_reason_has_a_row(string path) => Missing(s_sentences.Clauses(path)).MustBeNone();

    /// <summary>A row that the program cannot say any more misleads.</summary>
    [Fact]
    public void Every_row_of_a_message_is_said()
    {
        var said = s_sentences.Said.Concat(s_sentences.All).ToHashSet();
        s_page.FirstCells.SkipWhile(cell => cell != "message").Where(cell => cell is not ("message" or "reason") && !said.Contains(cell))
            .MustBeNone();
    }

    private static IEnumerable<string> Missing(IEnumerable<string> texts) =>
        texts.Distinct().Where(text => !s_page.FirstCells.Contains(text));
}

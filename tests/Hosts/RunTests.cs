using System.Diagnostics;
using System.Text.RegularExpressions;
using Guestplane.Tests.Rig;

namespace Guestplane.Tests.Hosts;

/// <summary>The first command of the README, <c>./run</c>, without a desktop: on a headless weston, with a screenshot.</summary>
public sealed class RunTests
{
    private const int Width = 1024, Height = 768;
    private const double Alike = 0.9;

    [Fact]
    public async Task The_screenshot_shows_the_test_pattern_and_nothing_is_left_behind()
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        Assert.SkipUnless(Tools.Has("weston") && Tools.Has("weston-screenshooter"), "weston is not installed");
        var temporary = Directory.CreateTempSubdirectory("guestplane-run-");
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "run"), ["--no-build"]);
        start.Environment.Remove("WAYLAND_DISPLAY");
        start.Environment["TMPDIR"] = temporary.FullName;
        var (status, said) = await Tools.Script(start);
        Assert.True(status == 0, said);
        Assert.Contains("run: screenshot: artifacts/screenshot.png", said, StringComparison.Ordinal);
        var shot = Png.Read(Path.Combine(Repository.Root, "artifacts", "screenshot.png"));
        var place = PatternImage.Find(shot, Width, Height);
        Assert.True(place is not null, "the screenshot has no yellow and no blue bar");
        Assert.InRange(new PatternImage(Width, Height, frame: 1).Likeness(shot, new(place.Value.X, place.Value.Y)), Alike, 1);
        var counts = Regex.Match(said, @"(\d+) presented [^;]*, (\d+) discarded");
        Assert.True(counts.Success, said);
        // A busy compositor repaints less often than the pattern flips, and discards what is replaced: at most every second image.
        var presented = int.Parse(counts.Groups[1].Value);
        Assert.InRange(presented, 1, int.MaxValue);
        Assert.InRange(int.Parse(counts.Groups[2].Value), 0, presented);
        Assert.Empty(temporary.GetFileSystemInfos());
        temporary.Delete();
    }

    /// <summary>Without Debian's package manager it names programs and libraries, and installs nothing.</summary>
    [Fact]
    public async Task Elsewhere_it_names_what_is_missing()
    {
        var programs = Directory.CreateTempSubdirectory("guestplane-elsewhere-");
        foreach (var program in new[] { "bash", "dirname", "realpath", "grep", "sed", "env" })
            File.CreateSymbolicLink(Path.Combine(programs.FullName, program), $"/usr/bin/{program}");
        File.CreateSymbolicLink(Path.Combine(programs.FullName, "dotnet"), "/bin/true");
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "run"));
        start.Environment["PATH"] = programs.FullName;
        start.Environment.Remove("WAYLAND_DISPLAY");
        var (status, said) = await Tools.Script(start);
        Assert.Equal(1, status);
        Assert.Equal("run: these are missing; install them by your distribution's packages: the program gcc, the header zlib.h, "
            + "the library libwayland-client.so.0, the program weston\n", said);
        programs.Delete(recursive: true);
    }
}

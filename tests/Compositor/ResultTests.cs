using System.Text;
using System.Xml.Linq;
using Guestplane.Compositor;
using Guestplane.Compositor.Probing;
using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>What is made of frames and counts: records, their JSON and XML, requirements, drawings.</summary>
public sealed class ResultTests
{
    private const long Millisecond = 1_000_000, Refresh = 10 * Millisecond;

    private static readonly HeadResult s_head = new()
    {
        Name = "0",
        Sync = "implicit",
        Frame = "none",
        Primary = new()
        {
            Choice = new(Transport.DmaBuf, Fourcc.Xrgb8888, null),
            Image = new(Fourcc.Argb8888, Modifier.Linear, 640, 480, MemoryKind.DmaBuf, "udmabuf"),
            Committed = 10,
            Imports = 3,
        },
        Flips = 12,
        Coalesced = 2,
        RefreshNs = Refresh,
        FlipToCommitNs = new(1, 2, 3),
    };

    private static readonly HeadResult s_presented = s_head with
    {
        Presented = 8,
        ZeroCopy = 6,
        Missed = 2,
        CommitToPresentedNs = new(8 * Millisecond, 9 * Millisecond, 21 * Millisecond),
    };

    private static Frame At(long flipped, long committed, long presented, bool zeroCopy = true) => new(
        flipped * Millisecond, committed * Millisecond, presented * Millisecond, Refresh, 0,
        zeroCopy ? WpPresentationFeedbackKind.ZeroCopy : default);

    [Fact]
    public void The_report_has_the_documented_fields_in_their_order_and_no_percentile_that_nobody_measured()
    {
        using var file = new MemoryStream();
        var head = s_head with { Cursor = new() { Moves = 4 } };
        JsonText.Write(new ShowResult("guestplane 1", "pattern", new(PlanesWay.Qemu, "no right"), "sway", [head], 3, new(new PerFlip(0.126, 7, 1.504), new(8, 9))), file);
        const string Expected = "{'version':1,'program':'guestplane 1','source':'pattern','planes':'qemu',"
            + "'planesReason':'no right','host':'sway','heads':[{'name':'0',"
            + "'transport':'dmabuf','reason':null,'format':'XR24','modifier':'LINEAR','color':null,'hdr':false,'frame':'none','sync':'implicit',"
            + "'awaited':0,'width':640,'height':480,'flips':12,'committed':10,'repeated':0,'presented':0,'discarded':0,"
            + "'missed':0,'coalesced':2,'zeroCopy':0,'imports':3,'copiedBytes':0,'scanoutFormat':null,"
            + "'flipToCommitNs':{'p50':1,'p95':2,'p99':3},'commitToPresentedNs':{'p50':null,'p95':null,'p99':null},"
            + "'flipToPresentedNs':{'p50':null,'p95':null,'p99':null},'cursor':{'transport':null,'reason':null,'format':null,"
            + "'modifier':null,'committed':0,'moves':4,'imports':0}}],'dmaBufs':3,'managedBytesPerFlip':0.13,"
            + "'cpuNsPerFlip':7,'wakeUpsPerFlip':1.5,'fds':{'live':8,'peak':9}}";
        Assert.Equal(Expected.Replace('\'', '"'), Encoding.UTF8.GetString(file.ToArray()));
    }

    [Fact]
    public void The_scanout_tests_json_has_its_fields_in_order_and_nothing_of_a_case_that_was_not_run()
    {
        using var file = new MemoryStream();
        JsonText.Write(AScanoutTest(), file, isIndented: true);
        var lines = Encoding.UTF8.GetString(file.ToArray()).Split('\n').Select(line => line.Trim().TrimEnd(',')).ToList();
        Assert.Equal(["{", "\"version\": 1", "\"program\": \"guestplane 1\"", "\"host\": \"sway\"", "\"secondsPerCase\": 2",
            "\"witness\": false", "\"wrong\": 1", "\"leftOut\": []", "\"cases\": [", "{", "\"name\": \"base\""], lines[..11]);
        Assert.Equal(["\"window\": \"fullscreen\"", "\"cursor\": \"none\"", "\"problem\": null", "\"predicted\": \"scanout\"",
            "\"rule\": null", "\"why\": \"no rule\"", "\"told\": \"composited\"", "\"witness\": null", "\"seen\": \"composited\"",
            "\"wrong\": true", "\"transport\": \"dmabuf\""], lines[12..23]);
        Assert.Contains("\"jitterNs\": {", lines);
        Assert.Equal(["\"problem\": \"no memory\"", "}", "]", "}"], lines[^4..]);
    }

    [Fact]
    public void JUnit_has_a_failure_for_a_wrong_verdict_and_a_case_that_was_not_run_is_skipped()
    {
        using var file = new MemoryStream();
        JUnit.Write(AScanoutTest(), file);
        file.Position = 0;
        var suite = XDocument.Load(file).Root!;
        Assert.Equal(["2", "1", "1"], new[] { "tests", "failures", "skipped" }.Select(count => (string?)suite.Attribute(count)));
        Assert.StartsWith("Predicted scanout; the compositor says composited", Message("failure"));
        Assert.Equal("no memory", Message("skipped"));

        string? Message(string element) => (string?)suite.Descendants(element).Single().Attribute("message");
    }

    [Fact]
    public void JUnit_skips_a_case_that_a_requirement_does_not_apply_to_and_fails_if_there_was_no_other()
    {
        var exempt = AScanoutTest().Outcomes.Single() with { Observation = new(null, null), IsExempt = true };
        using var file = new MemoryStream();
        JUnit.Write(AScanoutTest() with { Cases = [exempt], IsJudged = true }, file);
        file.Position = 0;
        var suite = XDocument.Load(file).Root!;
        Assert.Equal(["2", "1", "1"], new[] { "tests", "failures", "skipped" }.Select(count => (string?)suite.Attribute(count)));
        Assert.StartsWith("--require is not met", (string?)suite.Descendants("failure").Single().Attribute("message"));
        Assert.StartsWith("--require does not apply", (string?)suite.Descendants("skipped").Single().Attribute("message"));
    }

    private static ScanoutResult AScanoutTest()
    {
        var plain = new Case { Name = "base", Size = (640, 480), Rate = 60 };
        var drawn = new CaseOutcome(plain, s_head, new(Verdict.Scanout, null, "no rule", []), new(Verdict.Composited, null), []);
        var notRun = new CaseResult(plain with { Name = "bell\a" }, "no memory");
        return new("guestplane 1", "sway", 2, Witness: false, [], [drawn, notRun]);
    }

    [Fact]
    public void An_image_that_the_guest_has_dropped_is_reported_without_its_exporter()
    {
        using var scanout = Scanout.Create([QemuDesktop.Memory(1)],
            new(64, 48, Fourcc.Xrgb8888, Modifier.Linear, [new(0, 256, 0)]), out _)!;
        scanout.Dispose();
        Assert.Equal(new(Fourcc.Xrgb8888, Modifier.Linear, 64, 48, MemoryKind.DmaBuf, null), Results.ImageOf(scanout));
    }

    [Theory]
    [InlineData(null, "The compositor does not report which frames were zero-copy, and --require wants zero-copy=50%: as root, "
        + "guestplane scanout-test reads it from the kernel.")]
    [InlineData(false, "By the kernel the image is on no plane of the display, and --require wants zero-copy=50%.")]
    [InlineData(true, null)]
    public void Where_the_compositor_does_not_tell_the_kernels_word_counts(bool? isScannedOut, string? unmet) =>
        Assert.Equal(unmet, Requirements.Parse("zero-copy=50%")
            .Unmet(s_presented with { IsZeroCopyReported = false, IsScannedOut = isScannedOut }).SingleOrDefault());

    [Theory]
    [InlineData("presented=80%,zero-copy=75%,missed=2,transport=dmabuf,c2p-p50=8ms,f2c-p99=1ms", 0)]
    [InlineData("presented=81%,zero-copy=76%,missed=1,transport=shm,c2p-p99=20ms", 5)]
    // No flip-to-presented time was measured.
    [InlineData("f2p-p50=1000ms", 1)]
    public void Requirements_judge_a_result(string required, int unmet) =>
        Assert.Equal(unmet, Requirements.Parse(required).Unmet(s_presented).Count());

    [Theory]
    [InlineData("missed=0")]
    [InlineData("c2p-p99=100ms")]
    [InlineData("presented=1%")]
    [InlineData("zero-copy=1%")]
    public void No_answer_meets_no_requirement(string required) => Assert.Single(Requirements.Parse(required).Unmet(s_head));

    [Fact]
    public void A_commit_that_waits_longer_than_two_refreshes_has_missed_vblanks()
    {
        Assert.Equal([0, 0, 1, 1, 2], new[] { 5, 19, 20, 29, 30 }.Select(wait => At(0, 1, 1 + wait).MissedVblanks(Refresh)));
        Assert.Equal(0, At(1, 2, 0).MissedVblanks(Refresh));
    }

    [Fact]
    public void Jitter_is_the_distance_to_whole_refreshes()
    {
        // 10 ms is on the grid, 32 ms is 2 ms off it; the discarded frame does not count.
        var jitter = CaseOutcome.JitterOf([At(1, 2, 10), At(11, 13, 20), At(21, 22, 0), At(31, 31, 52)], Refresh);
        Assert.Equal(0, jitter.P50);
        Assert.InRange(jitter.P99!.Value, 2 * Millisecond, 2.1 * Millisecond);
        Assert.Null(CaseOutcome.JitterOf([At(1, 2, 10)], Refresh).P50);
    }

    [Fact]
    public void Nothing_shown_is_no_share() => Assert.Equal((null, 75), (s_head.ZeroCopyShare, s_presented.ZeroCopyShare));

    [Fact]
    public void Drawings_are_well_formed()
    {
        XElement.Parse(Drawing.TimeLine([At(1, 2, 10), At(11, 13, 20), At(21, 22, 0), At(31, 31, 52)], Refresh));
        XElement.Parse(Drawing.Bars([-1, 8 * Millisecond, 7 * Millisecond, 21 * Millisecond], Refresh));
        // Only discarded frames: no vblank is known.
        XElement.Parse(Drawing.TimeLine([At(1, 2, 0)], Refresh));
    }

    [Fact]
    public void The_kernels_state_tells_whose_framebuffer_is_on_which_plane()
    {
        const string State = "plane[33]: plane-0\n\tcrtc=crtc-0\n\tfb=51\n\t\tallocated by = sway\n"
            + "\t\tformat=XR24 little-endian (0x34325258)\n\t\tsize=1024x768\n"
            + "\t\tlayers:\n\t\t\tsize[0]=1024x768\n\t\t\tobj[0]:\n\t\t\t\timported=yes\n\tcrtc-pos=1024x768+0+0\n"
            + "plane[35]: plane-1\n\tcrtc=(null)\n\tfb=0\ncrtc[38]: crtc-0\n\tenable=1\n";
        Assert.Equal(new HardwarePlane("plane-0", 1024, 768, true, Fourcc.Xrgb8888), Assert.Single(DrmState.Planes(State)));
        Assert.False(Assert.Single(DrmState.Planes(State.Replace("imported=yes", "imported=no"))).IsImported);
    }

    [Theory]
    [InlineData("ITU-R BT.709 YCbCr", "limited", "bt709")]
    [InlineData("ITU-R BT.601 YCbCr", "full", "bt601-full")]
    [InlineData("ITU-R BT.2020 YCbCr", "limited", "bt2020")]
    [InlineData("a later one", "full", null)]
    public void The_kernels_state_tells_a_planes_colours(string encoding, string range, string? model)
    {
        var state = $"plane[33]: plane-0\n\tcrtc=crtc-0\n\tfb=51\n\t\tformat=NV12 little-endian (0x3231564e)\n\t\tsize=64x48\n\tcolor-encoding={encoding}\n"
            + $"\tcolor-range=YCbCr {range} range\n";
        Assert.Equal((model, Fourcc.Nv12), (Assert.Single(DrmState.Planes(state)).Color?.ToString(), DrmState.Planes(state).Single().Format));
    }

    [Fact]
    public void Colours_that_change_at_scanout_are_said_in_steps()
    {
        var told = new ColorFacts(new(ColorMatrix.Bt709), IsTold: true, Display: new(ColorMatrix.Bt709));
        Assert.Equal("bt709, which the compositor was told; its display is set to the same", told.Sentence);
        Assert.Equal("bt709, which the compositor cannot be told; its display is set to bt601: up to 35 of 255 steps off",
            (told with { IsTold = false, Display = new(ColorMatrix.Bt601) }).Sentence);
        Assert.Equal(("bt709, which the compositor was told", null), ((told with { Display = null }).Sentence, (told with { Display = null }).Steps));
    }

    [Fact]
    public void A_strangers_words_cannot_break_a_report() =>
        Assert.Equal("a<b> \"c\" ", XElement.Parse($"<x>{Markup.Text("a<b> \"c\"\u0001")}</x>").Value);

    [Fact]
    public void A_line_is_wrapped_at_eighty_columns()
    {
        var lines = ProbeResult.Wrap("  why: " + string.Join(' ', Enumerable.Repeat("words", 40))).ToList();
        Assert.True(lines.Count > 2);
        Assert.All(lines, line => Assert.True(line.Length <= 80));
    }
}

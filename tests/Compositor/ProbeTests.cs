using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary><c>probe</c> and <c>scanout-test</c>, from end to end, on hosts that differ in one thing.</summary>
public sealed class ProbeTests
{
    private const string Pattern = "pattern:memory=memfd,no-cursor,size=1024x768";

    // A size that hosts give to a window that asks for the full screen; this one is as large as the output.
    private static HostSetup Setup(bool isManual = false) =>
        new(Repository.Protocols) { ConfigureSize = (1024, 768), ScanoutFormats = [new("XR24")], ManualVblank = isManual };

    [Theory]
    [InlineData(0, "host-without-dma-buf", "shm")]
    [InlineData(2, "dma-buf-too-old", "shm")]
    public void A_compositor_without_a_recent_linux_dmabuf_gets_shared_memory(int version, string rule, string verdict)
    {
        using var host = new FakeHost(version == 0 ? Setup().Without("zwp_linux_dmabuf_v1") : Setup().With("zwp_linux_dmabuf_v1", version));
        var plane = Plane(host, Pattern);
        Assert.Equal((rule, verdict, verdict), (Word(plane, "rule"), Word(plane, "verdict"), Word(plane, "seen")));
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void The_versions_that_list_modifiers_are_distinguished(int version)
    {
        using var host = new FakeHost(Setup().With("zwp_linux_dmabuf_v1", version));
        var report = Probe(host, "");
        Assert.Equal(version, report.GetProperty("host").GetProperty("globals").GetProperty("zwp_linux_dmabuf_v1").GetProperty("bound").GetInt32());
        Assert.Contains("LINEAR", report.GetProperty("tranches")[0].GetProperty("formats").GetProperty("XR24").ToString());
        Assert.Empty(report.GetProperty("planes").EnumerateArray());
    }

    [Fact]
    public void The_tranches_of_the_window_are_listed_with_their_flags()
    {
        using var host = new FakeHost(Setup());
        var tranches = Probe(host, Pattern).GetProperty("tranches").EnumerateArray().ToList();
        Assert.True(tranches[0].GetProperty("scanout").GetBoolean());
        Assert.Equal(["XR24"], tranches[0].GetProperty("formats").EnumerateObject().Select(format => format.Name));
        Assert.False(tranches[1].GetProperty("scanout").GetBoolean());
    }

    [Theory]
    [InlineData(5, "Scans out (", "Samples (", null, null)]
    [InlineData(6, "Scans out and samples (", "Samples (", true, true)]
    public void The_devices_that_sample_are_told_from_version_6_on(int version, string first, string second, bool? firstSamples, bool? secondSamples)
    {
        var setup = Setup().With("zwp_linux_dmabuf_v1", version);
        setup.Tranches =
        [
            new(setup.MainDevice, HostTranche.Scanout | HostTranche.Sampling, [new("XR24")]),
            new(setup.MainDevice + 1, HostTranche.Sampling, setup.Formats),
        ];
        using var host = new FakeHost(setup);
        var sampling = Probe(host, "").GetProperty("tranches").EnumerateArray().Select(tranche => tranche.GetProperty("sampling"));
        Assert.Equal([firstSamples, secondSamples], sampling.Select(s => s.ValueKind == JsonValueKind.Null ? (bool?)null : s.GetBoolean()));
        var lines = Run(host, "probe").Output.Split('\n').Where(line => line.EndsWith("):", StringComparison.Ordinal)).ToList();
        Assert.Equal([true, true], lines.Zip([first, second], (line, start) => line.StartsWith(start, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_refused_import_is_reported_with_its_remedy()
    {
        using var host = new FakeHost(Setup());
        host.Faults.FailImport = _ => true;
        var plane = Plane(host, Pattern);
        Assert.Equal("import-refused", Word(plane, "rule"));
        Assert.Contains("blob=true", Word(plane, "change"));
    }

    [Fact]
    public void A_format_that_is_not_listed_is_reported()
    {
        var setup = Setup();
        (setup.Formats, setup.ScanoutFormats) = ([new("XB24")], []);
        using var host = new FakeHost(setup);
        Assert.Equal("format", Word(Plane(host, Pattern), "rule"));
    }

    [Fact]
    public void A_transport_that_the_user_forces_is_reported()
    {
        using var host = new FakeHost(Setup());
        Assert.Equal("forced", Word(Plane(host, $"{Pattern} --transport shm"), "rule"));
    }

    [Fact]
    public void A_compositor_without_a_display_of_its_own_composites()
    {
        using var host = new FakeHost(Setup());
        var plane = Plane(host, Pattern);
        Assert.Equal(("no-display", "composited", "composited"), (Word(plane, "rule"), Word(plane, "verdict"), Word(plane, "seen")));
        // The tranche for scanout came before the first flip, and has its format.
        Assert.DoesNotContain("format-not-for-scanout", plane.GetProperty("also").ToString());
        Assert.Equal(("XR24", "LINEAR", 1024), (Word(plane, "format"), Word(plane, "modifier"), plane.GetProperty("width").GetInt32()));
    }

    [Theory]
    [InlineData("--output OTHER-1")]
    [InlineData("--layout 0=OTHER-1")]
    public void An_output_that_is_not_there_is_not_waited_for(string option)
    {
        using var host = new FakeHost(Setup());
        var (code, text) = Run(host, $"probe {Pattern} {option}");
        Assert.Equal(69, code);
        Assert.DoesNotContain("verdict", text);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void People_get_eighty_columns()
    {
        using var host = new FakeHost(Setup());
        var (code, text) = Run(host, $"probe {Pattern} --seconds 0.5");
        Assert.Equal(0, code);
        Assert.Contains("verdict:", text);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData("presented=1%", 0)]
    [InlineData("transport=dmabuf", 0)]
    public void The_quick_test_writes_every_report(string require, int code)
    {
        using var host = new FakeHost(Setup());
        var folder = Directory.CreateTempSubdirectory("guestplane-scanout-").FullName;
        var (status, table) = Run(host, $"scanout-test --quick --seconds 0.4 --require {require} --json {folder}/r.json --junit {folder}/r.xml --html {folder}/r.html");
        Assert.Equal(code, status);
        Assert.Contains("5 cases, ", table);
        using var json = JsonDocument.Parse(File.ReadAllText($"{folder}/r.json"));
        Assert.Equal(5, json.RootElement.GetProperty("cases").GetArrayLength());
        Assert.Equal(5, XDocument.Load($"{folder}/r.xml").Root!.Elements("testcase").Count());
        Assert.Contains("<svg", XDocument.Load($"{folder}/r.html").ToString());
        Assert.Empty(host.Violations);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_pointer_that_is_not_in_the_window_has_no_image_to_judge()
    {
        using var host = new FakeHost(Setup());
        var report = Path.GetTempFileName();
        Run(host, $"scanout-test --seconds 0.3 --cursors pointer --json {report}");
        using var json = JsonDocument.Parse(File.ReadAllText(report));
        Assert.Contains("pointer is not in the window", Word(json.RootElement.GetProperty("cases")[1], "problem"));
        File.Delete(report);
    }

    [Fact]
    public void A_compositor_that_dies_on_the_way_costs_no_result_so_far()
    {
        using var host = new FakeHost(Setup());
        var report = Path.GetTempFileName();
        host.Faults.FailImport = import =>
        {
            if (import.Width == 640)
                host.Faults.DieAfterCommits = 1;
            return false;
        };
        var (code, table) = Run(host, $"scanout-test --seconds 0.3 --sizes 640x480,800x600 --json {report}");
        Assert.Equal(69, code);
        using var json = JsonDocument.Parse(File.ReadAllText(report));
        var cases = json.RootElement.GetProperty("cases").EnumerateArray().ToList();
        Assert.Equal(["base", "size=640x480"], cases.Select(one => Word(one, "name")));
        Assert.Null(Word(cases[0], "problem"));
        Assert.Contains("the connection to the compositor broke", Word(cases[1], "problem"));
        Assert.Contains("1 cases, 0 wrong verdicts", table);
        File.Delete(report);
    }

    [Fact]
    public async Task A_compositor_that_falls_behind_during_a_case_is_waited_for()
    {
        using var host = new FakeHost(Setup(isManual: true));
        var run = Task.Run(() => Run(host, $"scanout-test --source {Pattern} --seconds 1"), TestContext.Current.CancellationToken);
        Assert.True(host.WaitUntil(h => h.CurrentBuffers.Count > 0, TimeSpan.FromSeconds(30)));
        for (var i = 0; i < 3; i++)
            Refresh(host);
        Assert.False(host.WaitUntil(h => h.Clients == 0, TimeSpan.FromSeconds(2)), "the case ended without an answer");
        while (!run.IsCompleted)
            Refresh(host);
        Assert.Equal(0, (await run).Code);
    }

    /// <summary>As sway does with two windows that are full screen on one output. 1500 refreshes are the 25 s that are for a busy one.</summary>
    [Fact]
    public async Task A_window_behind_another_is_not_waited_for()
    {
        using var host = new FakeHost(Setup(isManual: true));
        var (run, _) = ProbeTwoHeads(host);
        var refreshes = 0;
        for (; host.Clients > 0; refreshes++)
            Refresh(host);
        Assert.Equal([true, false], await ArePresented(run));
        Assert.InRange(refreshes, 10, 600);
    }

    [Fact]
    public async Task A_window_that_is_seen_later_than_another_is_waited_for()
    {
        using var host = new FakeHost(Setup(isManual: true));
        var (run, second) = ProbeTwoHeads(host);
        // The image is sent again after a second, and after two.
        while (host.Clients > 0 && host.Surfaces.First(surface => surface.Parent == second).Commits < 4)
            Refresh(host);
        host.HideOne(second, false);
        while (host.Clients > 0)
            Refresh(host);
        Assert.Equal([true, true], await ArePresented(run));
    }

    /// <summary>Of two windows the second one, with this root, is hidden.</summary>
    private static (Task<(int Code, string Output)> Run, uint Second) ProbeTwoHeads(FakeHost host)
    {
        var run = Task.Run(() => Run(host, "probe pattern:memory=memfd,no-cursor,heads=2 --json --seconds 0.7"));
        // Not the black that a busy machine has in the windows first.
        Assert.True(host.WaitUntil(
            h => h.Surfaces.Count(surface => surface is { Parent: not null, Buffer: not null }) == 2, TimeSpan.FromSeconds(30)));
        var second = host.Surfaces.Last(surface => surface.Role == "xdg_toplevel").Id;
        host.HideOne(second, true);
        return (run, second);
    }

    private static async Task<IEnumerable<bool>> ArePresented(Task<(int Code, string Output)> run)
    {
        var (code, text) = await run;
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.GetProperty("planes").EnumerateArray().Select(plane => plane.GetProperty("presented").GetInt64() > 0)];
    }

    [Fact]
    public void A_requirement_on_a_guest_of_ones_own_decides_the_exit_code()
    {
        using var host = new FakeHost(Setup());
        Assert.Equal(1, Run(host, $"scanout-test --source {Pattern} --seconds 0.5 --require zero-copy=95%").Code);
        host.Faults.ZeroCopy = true;
        Assert.Equal(0, Run(host, $"scanout-test --source {Pattern} --seconds 0.5 --require zero-copy=95%").Code);
    }

    [Fact]
    public void A_requirement_applies_to_the_base_case_even_if_a_rule_is_against_it()
    {
        using var host = new FakeHost(Setup().Without("zwp_linux_dmabuf_v1"));
        var report = Path.GetTempFileName();
        var (code, table) = Run(host, $"scanout-test --quick --seconds 0.3 --require transport=dmabuf --junit {report}");
        Assert.Equal(1, code);
        Assert.Contains("5 cases, 0 wrong verdicts, 1 short of --require, which does not apply to 4;", table);
        var suite = XDocument.Load(report).Root!;
        Assert.Equal(["5", "1", "4"], new[] { "tests", "failures", "skipped" }.Select(count => (string?)suite.Attribute(count)));
        File.Delete(report);
    }

    [Fact]
    public void An_axis_that_does_not_exist_is_refused()
    {
        using var host = new FakeHost(Setup());
        Assert.Equal(64, Run(host, "scanout-test --formats XYZ").Code);
    }

    private static JsonElement Plane(FakeHost host, string arguments) => Probe(host, arguments).GetProperty("planes")[0];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_says_what_the_output_is_and_whether_the_compositor_was_told(bool isThere)
    {
        const string Manager = "wp_color_manager_v1";
        var setup = new HostSetup(Repository.Protocols)
        {
            ColorSupport = new() { Output = (HostColorSupport.St2084Pq, HostColorSupport.Bt2020, 1000, 203) },
        };
        using var host = new FakeHost(isThere ? setup : setup.Without(Manager));
        var (code, text) = Run(host, "probe pattern:memory=memfd,format=XR30,no-cursor --hdr pq --seconds 0.3");
        Assert.Equal(0, code);
        Assert.Equal(isThere, text.Contains("; st2084pq, bt2020, at most 1000 cd/m²", StringComparison.Ordinal));
        Assert.Equal(isThere, text.Contains("HDR:     the compositor was told", StringComparison.Ordinal));
        Assert.Empty(host.Violations);
    }

    private static JsonElement Probe(FakeHost host, string arguments)
    {
        var (code, text) = Run(host, $"probe {arguments} --json --seconds 0.7");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    private static (int Code, string Output) Run(FakeHost host, string arguments)
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        var start = new ProcessStartInfo(Repository.Program, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["XDG_RUNTIME_DIR"], start.Environment["WAYLAND_DISPLAY"]) = (host.RuntimeDir, host.DisplayName);
        using var process = Process.Start(start)!;
        var messages = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), messages.Result);
        return (process.ExitCode, output);
    }

    /// <summary>One refresh, and the program's commit after it, if it is not over.</summary>
    private static void Refresh(FakeHost host)
    {
        var commits = host.TotalCommits;
        host.Vblank();
        Assert.True(host.WaitUntil(h => h.TotalCommits > commits || h.Clients == 0, TimeSpan.FromSeconds(30)));
    }

    private static string? Word(JsonElement of, string field) => of.GetProperty(field).GetString();
}

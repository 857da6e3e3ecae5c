using System.Text.Json;
using Guestplane.Compositor;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>What <c>--trace</c> leaves, as Perfetto reads it.</summary>
public sealed class TraceTests
{
    [Fact]
    public void Every_frame_is_on_the_time_line()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var file = Path.GetTempFileName();
        using var run = ProgramRun.ToEnd(host, $"show pattern:memory=memfd,size=640x480 --frames 100 --trace {file}");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(0, run.Report.GetProperty("managedBytesPerFlip").GetDouble());
        // All that the compositor sends is read at once.
        Assert.InRange(run.Report.GetProperty("wakeUpsPerFlip").GetDouble(), 1.25, 5);
        using var trace = JsonDocument.Parse(File.ReadAllText(file));
        File.Delete(file);
        var events = trace.RootElement.EnumerateArray().ToList();
        var committed = run.Head.GetProperty("committed").GetInt32();
        Assert.Equal(committed, Count("X", "flip"));
        Assert.Equal(committed, Count("b", "0: commits, until presented"));
        Assert.Equal(run.Head.GetProperty("presented").GetInt32() + run.Head.GetProperty("discarded").GetInt32(), Count("e", "0: commits, until presented"));
        Assert.Equal(run.Head.GetProperty("coalesced").GetInt32(), Count("i", "coalesced"));
        Assert.True(Count("i", "vblank") >= 50);
        // Viewers make a row of each name of what may overlap: each buffer has its own.
        Assert.All(Enumerable.Range(1, 3), n => Assert.True(Count("b", $"0: buffer {n}, until released") >= 1));
        // Arrows lead from a flip to what was on screen of it; they begin and end at a slice's begin.
        Assert.InRange(Count("f", "frame"), 50, Count("s", "frame"));
        Assert.All(events.Where(e => Phase(e) == "f"), arrow => Assert.Single(events, e => Phase(e) == "s" && Id(e) == Id(arrow)));
        Assert.All(events.Where(e => Phase(e) is "s" or "f"), arrow => Assert.Contains(events, e => Phase(e) == "X" && Track(e) == Track(arrow) && Start(e) == Start(arrow)));
        Assert.All(events.Where(e => Phase(e) == "X"), e => Assert.True(e.GetProperty("dur").GetDouble() >= 0));
        // A track's slices do not overlap, or viewers nest them.
        foreach (var track in events.Where(e => Phase(e) == "X").GroupBy(Track))
            foreach (var (one, next) in track.Zip(track.Skip(1)))
                Assert.True(Start(next) >= Start(one) + one.GetProperty("dur").GetDouble() - 0.01, $"{one} and {next}");

        int Count(string phase, string name) => events.Count(e => Phase(e) == phase && e.GetProperty("name").GetString() == name);
    }

    /// <summary>A third buffer is first needed when the compositor falls behind.</summary>
    [Fact]
    public void A_buffer_that_is_needed_late_costs_no_memory_per_flip()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var file = Path.GetTempFileName();
        using var run = ProgramRun.Start(host, $"show pattern:memory=memfd,size=640x480,no-cursor --frames 200 --trace {file}");
        Assert.True(host.WaitUntil(h => h.Surfaces.Any(surface => h.Commits(surface.Id) > 80), TimeSpan.FromSeconds(10)));
        host.Faults.DiscardEvery = 2;
        Assert.Equal(0, run.Wait().ExitCode);
        File.Delete(file);
        Assert.True(run.Head.GetProperty("imports").GetInt32() > 2);
        Assert.Equal(0, run.Report.GetProperty("managedBytesPerFlip").GetDouble());
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_reported_before_the_show()
    {
        using var run = ProgramRun.Alone("show pattern --trace /nonexistent/trace.json");
        Assert.Equal(73, run.ExitCode);
        Assert.Contains("The trace cannot be written to \"/nonexistent/trace.json\": No such file or directory.", run.Messages);
    }

    [Fact]
    public void An_event_with_a_name_that_is_too_long_is_left_out_and_the_others_are_whole()
    {
        using var file = new MemoryStream();
        using (var writer = new TraceWriter(file, "test"))
        {
            writer.Track(1, TraceWriter.Text("a \"name\""));
            writer.Slice(1, new string('x', 5000), 1000, 2000);
            for (var i = 0; i < 1000; i++)
                writer.End(1, "commit", i, "row", 1_002_003, "presented");
            writer.Dispose();
            writer.Instant(1, "late", 1);
        }
        using var trace = JsonDocument.Parse(file.ToArray());
        var events = trace.RootElement.EnumerateArray().ToList();
        Assert.Equal(["M", "M", "M"], events.Take(3).Select(Phase));
        Assert.Equal("a \"name\"", events[1].GetProperty("args").GetProperty("name").GetString());
        Assert.Equal(1003, events.Count);
        Assert.Equal(1002.003, Start(events[^1]));
    }

    private static long Id(JsonElement e) => e.GetProperty("id").GetInt64();

    private static int Track(JsonElement e) => e.GetProperty("tid").GetInt32();

    private static string? Phase(JsonElement e) => e.GetProperty("ph").GetString();

    private static double Start(JsonElement e) => e.GetProperty("ts").GetDouble();
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;

namespace Guestplane.Tests.Rig;

/// <summary>What every scenario has to pass, and what several ask of a report.</summary>
[Trait("Needs", "rig")]
public abstract class RigTests<TBoot> : IClassFixture<TBoot>
    where TBoot : RigBoot
{
    private const int Apart = 30;

    // As PatternGuest has it.
    private static readonly PixelPoint s_hotspot = new(8, 8);

    // As PatternOptions has it when nothing else is said.
    private static readonly PatternOptions s_options = new() { Memory = PatternMemory.Memfd };

    private protected RigTests(TBoot boot)
    {
        boot.BootOrSkip();
        Boot = boot;
    }

    protected TBoot Boot { get; }

    [Fact]
    public virtual void The_kernel_is_unharmed()
    {
        foreach (var word in new[] { "BUG:", "KASAN", "Oops", "general protection", "refcount_t:", "------------[ cut here" })
            Assert.DoesNotContain(word, Boot.Text("dmesg.log"));
    }

    /// <summary>Nearly all that was presented came straight from the guest's memory.</summary>
    protected JsonElement AssertZeroCopy(string name, long cursorBytes = 0)
    {
        var head = AssertTransport(name, "dmabuf", cursorBytes);
        var (presented, zeroCopy) = (Count(head, "presented"), Count(head, "zeroCopy"));
        Assert.True(presented >= 20, $"{name}: hardly anything was presented\n{head}");
        Assert.True(zeroCopy >= 0.95 * presented, $"{name}: {zeroCopy} of {presented} presented frames were zero-copy\n{head}");
        return head;
    }

    /// <summary>The run ended as it should, went by this transport and was seen.</summary>
    /// <param name="name">The run's.</param>
    /// <param name="transport">The primary plane's.</param>
    /// <param name="cursorBytes">So much may have been copied all the same: a cursor that comes as bytes.</param>
    protected JsonElement AssertTransport(string name, string transport, long cursorBytes = 0)
    {
        Assert.True(Boot.ExitCode(name) == 0, $"{name}: exit {Boot.ExitCode(name)}\n{Boot.Messages(name)}");
        var head = Boot.Head(name);
        Assert.Equal(transport, head.GetProperty("transport").GetString());
        // No pixel goes through our CPU by these two: the host reads the guest's memory.
        if (transport is "dmabuf" or "shm")
            Assert.InRange(Count(head, "copiedBytes"), 0, cursorBytes);
        Assert.True(Count(head, "presented") > 0, $"{name}: nothing was presented\n{head}");
        return head;
    }

    /// <summary>What flip_600 of guestplane.sh did: shown from the guest's memory, each buffer imported once, no fd lost.</summary>
    protected JsonElement AssertSixHundredFlips(string name)
    {
        var head = AssertZeroCopy(name);
        Assert.True(Count(head, "flips") >= 600, $"{name}: too few flips were noticed\n{head}");
        Assert.True(Flips($"{name}.driver") >= 600, $"{name}: the guest made too few flips\n{Boot.Text($"{name}.driver")}");
        AssertImportedOnce(head, buffers: 2);
        // One VFIO_DEVICE_GET_GFX_DMABUF for each offset that it flips between.
        Assert.Equal(2, Boot.Report(name).GetProperty("dmaBufs").GetInt32());
        AssertFlatFds(name);
        return head;
    }

    /// <summary>Each of the guest's buffers was imported once for each wl_buffer that its pool may have.</summary>
    protected static void AssertImportedOnce(JsonElement head, int buffers) =>
        Assert.InRange(Count(head, "imports"), buffers, buffers * 3);

    /// <summary>scanout-test, as root: what it predicted and what it saw is what the kernel had on the planes.</summary>
    protected void AssertNoVerdictIsWrong(string host)
    {
        Assert.True(Boot.ExitCode(host) == 0, Boot.Messages(host));
        var report = Boot.Report(host);
        Assert.True(report.GetProperty("witness").GetBoolean());
        var cases = report.GetProperty("cases").EnumerateArray().Where(c => c.GetProperty("problem").ValueKind == JsonValueKind.Null).ToList();
        Assert.True(cases.Count >= 2, $"{report}");
        foreach (var one in cases)
        {
            var (predicted, seen, witness) = (Word(one, "predicted"), Word(one, "seen"), Word(one, "witness"));
            Assert.True(seen is not null, $"{one}");
            Assert.True(predicted == seen || predicted == "unknown", $"{one}");
            // What goes by wl_shm is drawn: nothing of the guest's is on a plane.
            // It has nothing to say where it saw both, as on a host that is just making up its mind.
            Assert.True(witness is null || witness == (seen == "scanout" ? "scanout" : "composited"), $"{one}");
        }
        Assert.True(cases.Count(one => Word(one, "witness") is not null) >= 2, $"{report}");
        Assert.Equal(0, report.GetProperty("wrong").GetInt32());
    }

    /// <summary>The screenshot NAME-cursor.png has the pattern's cursor where, and as large as, the guest has it in that frame.</summary>
    protected void AssertCursorAtItsPlace(string name)
    {
        var frame = Boot.Frame($"{name}-cursor.png");
        var shot = Boot.Png($"{name}-cursor.png");
        using var guest = new PatternGuest("pattern", s_options);
        // The two planes are committed each for itself: one may be on the screen a few frames before the other.
        var nearby = Enumerable.Range((int)frame - Apart, 2 * Apart + 1).Where(n => n >= 0);
        Assert.True(nearby.Any(n => Arrow.IsOfPatternAt(shot, Tip((uint)n))),
            $"{name}: frame {frame}, no arrow at {Tip(frame)} nor where it is {Apart} frames before and after");

        PixelPoint Tip(uint n) => new(guest.CursorPosition(n).X + s_hotspot.X, guest.CursorPosition(n).Y + s_hotspot.Y);
    }

    /// <summary>What two_heads of guestplane.sh did: each head fills an output, and is on a plane of it.</summary>
    protected void AssertTwoHeadsAreScannedOut(string name)
    {
        Assert.Equal((2, 2), (Planes(name).GetProperty("primary").GetInt32(), Planes(name).GetProperty("cursor").GetInt32()));
        Assert.Equal(2, Boot.Text($"{name}.drm").Split("fb=1024x768 imported=yes").Length - 1);
        Assert.Equal(["scanout scanout", "scanout scanout"],
            Boot.Report(name).GetProperty("planes").EnumerateArray().Select(plane => $"{Word(plane, "verdict")} {Word(plane, "witness")}"));
    }

    /// <summary>sway may show the first one for a moment, before the second one covers it: then nothing is known of either.</summary>
    protected void AssertNothingIsSaidOfTheUnseen(string name)
    {
        var planes = Boot.Report(name).GetProperty("planes").EnumerateArray().ToList();
        Assert.Equal(2, planes.Count);
        Assert.Contains(planes, plane => Word(plane, "witness") is null);
    }

    /// <summary>The hardware planes that a probe reports.</summary>
    protected JsonElement Planes(string name) => Boot.Report(name).GetProperty("host").GetProperty("planes");

    /// <summary>A case of a scanout-test.</summary>
    protected JsonElement Case(string host, string name) =>
        Boot.Report(host).GetProperty("cases").EnumerateArray().First(c => Word(c, "name") == name);

    protected static string? Word(JsonElement of, string field) => of.GetProperty(field).GetString();

    private void AssertFlatFds(string name)
    {
        var fds = Boot.Numbers($"{name}.fds");
        Assert.True(fds.Distinct().Count() == 1, $"{name}: fds, once a second: {string.Join(' ', fds)}");
    }

    /// <summary>The frame number that mbochs-driver ended with.</summary>
    protected uint LastFrame(string file) => uint.Parse(Ending(file).Groups[1].Value);

    private int Flips(string file) => int.Parse(Ending(file).Groups[2].Value);

    private Match Ending(string file) => Regex.Match(Boot.Text(file), @"last-frame=(\d+) flips=(\d+)");

    /// <summary>The commits of a trace that were presented: when they were made and when they were on screen, ms since the boot.</summary>
    protected List<(double Committed, double Presented)> PresentedCommits(string name)
    {
        var (begun, presented) = (new Dictionary<string, double>(), new List<(double, double)>());
        using var trace = JsonDocument.Parse(Boot.Text($"{name}.trace"));
        foreach (var e in trace.RootElement.EnumerateArray())
        {
            if (e.GetProperty("ph").GetString() is not ("b" or "e") || e.GetProperty("cat").GetString() != "commit")
                continue;
            var (id, at) = (e.GetProperty("id").GetString()!, e.GetProperty("ts").GetDouble() / 1000);
            if (!begun.Remove(id, out var from))
                begun[id] = at;
            else if (e.GetProperty("args").GetProperty("how").GetString() != "discarded")
                presented.Add((from, at));
        }
        return presented;
    }

    protected static long Count(JsonElement head, string field) => head.GetProperty(field).GetInt64();

    protected double ManagedBytesPerFlip(string name) => Boot.Report(name).GetProperty("managedBytesPerFlip").GetDouble();
}

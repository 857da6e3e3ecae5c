using System.Text;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Fuzz;

/// <summary>A program behind a QMP socket that says anything: one end, one clause, and nothing leaks.</summary>
[Collection(Descriptors.Name)]
public sealed class QmpFuzz
{
    private static readonly string[] s_words =
    [
        "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}}, \"capabilities\": [\"oob\"]}}\n",
        "{\"return\": {}}\n", "{\"return\": {}}\n", "{\"return\": {}}\n",
        "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}\n",
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no \\u00e9 \\ud83d\\ude00\"}}\n",
        "[[[[[[{\"a\":[1e400,-0,1.5E-9,null,true]}]]]]]]\n", "\"\\ud800\"\n", "{\"\\udfff\":1}\n", "\n", "{}",
    ];

    [Fact]
    public void No_bytes_of_a_QMP_socket_cost_more_than_an_attempt()
    {
        using var loop = new Loop();
        FuzzRun.Repeat("QMP", random =>
        {
            for (var i = 0; i < 100; i++)
                Talk(loop, random);
        });
    }

    private static void Talk(Loop loop, Random random)
    {
        var (live, ends) = (Fd.Live, new List<string?>());
        var (ours, theirs) = UnixSocket.Pair();
        var says = Enumerable.Range(0, random.Next(1, 8)).SelectMany(i => Encoding.UTF8.GetBytes(s_words[Math.Min(i, 3)])).ToArray();
        if (random.Next(3) == 0)
            says = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Of(s_words))));
        if (random.Next(10) > 0)
            says = random.Mutated(says);
        if (says.Length > 0)
            UnixSocket.Send(theirs, says);
        using var qmp = new Qmp(loop, ours, (display, problem) =>
        {
            display?.Dispose();
            ends.Add(problem);
        });
        if (random.Next(2) == 0)
            theirs.Dispose();
        // As much as there is; then it hangs up, if it has not.
        loop.Turn(0);
        loop.Turn(0);
        theirs.Dispose();
        for (var turns = 0; ends.Count == 0 && turns < 10; turns++)
            loop.Turn(1_000_000);
        Assert.Single(ends);
        Assert.Equal(live, Fd.Live);
    }
}

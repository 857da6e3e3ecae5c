using System.Diagnostics;
using System.Globalization;

namespace Guestplane.Tests.Fuzz;

/// <summary>Rounds of a fuzzer until its time is over. Each round has a seed of its own, which repeats it. See README.md.</summary>
internal static class FuzzRun
{
    private const string SecondsVariable = "GUESTPLANE_FUZZ_SECONDS", SeedVariable = "GUESTPLANE_FUZZ_SEED";
    private const double DefaultSeconds = 2;

    // Where a decoder is awry.
    private static readonly long[] s_edges =
        [0, 1, 2, 3, 7, 8, 15, 16, 63, 64, 120, 255, 256, 1023, 4095, 4096, 16384, 16385, 65535, 65536, 1 << 23, 1 << 24, int.MaxValue, int.MinValue, -1, -2, -120];

    public static void Repeat(string name, Action<Random> round)
    {
        var seconds = double.TryParse(Environment.GetEnvironmentVariable(SecondsVariable), CultureInfo.InvariantCulture, out var told) ? told : DefaultSeconds;
        var isTold = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out var seed);
        var (first, rounds, since) = (isTold ? seed : Environment.TickCount, 0, Stopwatch.StartNew());
        do
        {
            try
            {
                round(new Random(first + rounds));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{SeedVariable}={first + rounds} repeats this round.", e);
            }
            rounds++;
        }
        while (since.Elapsed.TotalSeconds < seconds && !isTold);
        TestContext.Current.SendDiagnosticMessage($"{name}: {rounds} rounds in {since.Elapsed.TotalSeconds:0} s from seed {first}");
    }

    public static T Of<T>(this Random random, IReadOnlyList<T> all) => all[random.Next(all.Count)];

    public static uint Edge(this Random random) => random.Next(4) == 0 ? (uint)random.Next(int.MinValue, int.MaxValue) : (uint)random.Of(s_edges);

    public static byte[] Bytes(this Random random, int most)
    {
        var bytes = new byte[random.Next(most + 1)];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>The same with a few bytes changed, left out, doubled or cut.</summary>
    public static byte[] Mutated(this Random random, byte[] bytes)
    {
        var result = bytes.ToList();
        for (var i = random.Next(1, 6); i > 0 && result.Count > 0; i--)
        {
            var at = random.Next(result.Count);
            switch (random.Next(5))
            {
                case 0:
                    result[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    result[at] = (byte)random.Next(256);
                    break;
                case 2:
                    result.RemoveRange(at, Math.Min(random.Next(1, 9), result.Count - at));
                    break;
                case 3:
                    result.InsertRange(at, result.Skip(at).Take(random.Next(1, 33)).ToList());
                    break;
                default:
                    if (random.Next(8) == 0)
                        result.RemoveRange(at, result.Count - at);
                    break;
            }
        }
        return [.. result];
    }
}

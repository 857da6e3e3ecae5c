using CsCheck;
using Guestplane.Compositor;

namespace Guestplane.Tests.Compositor;

public sealed class HistogramTests
{
    [Fact]
    public void Percentiles_are_right_to_a_thirtysecond() =>
        Gen.Long[0, 10_000_000_000].Array[1, 500].Sample(samples =>
        {
            var histogram = new Histogram();
            foreach (var sample in samples)
                histogram.Add(sample);
            Array.Sort(samples);
            foreach (var percent in new[] { 50.0, 95, 99, 100 })
            {
                var exact = samples[(int)Math.Ceiling(samples.Length * percent / 100) - 1];
                Assert.InRange(histogram.Percentile(percent)!.Value, exact, exact + exact / 32 + 1);
            }
        });

    [Fact]
    public void Without_samples_there_is_none()
    {
        Assert.Equal(default, new Histogram().Percentiles);
        Assert.Equal("not reported", new Histogram().Percentiles.ToString());
    }

    [Fact]
    public void Clocks_that_disagree_by_a_hair_do_no_harm()
    {
        var histogram = new Histogram();
        histogram.Add(-5);
        Assert.Equal(0, histogram.Percentile(50));
    }
}

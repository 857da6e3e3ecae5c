using Guestplane.Compositor;
using Guestplane.Compositor.Probing;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>Cases that the test pattern does not take: an output has any size and rate, and the matrix doubles the rate.</summary>
public sealed class ScanoutCaseTests
{
    [Theory]
    [InlineData(640, 480, 1080, "rate")]
    [InlineData(20_000, 480, 60, "size")]
    public void A_case_that_the_pattern_rejects_is_told_and_the_others_go_on(int width, int height, double rate, string word)
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var errors = new StreamWriter(Stream.Null);
        var host = Host.Connect(loop, server.SocketPath);
        var seats = new Seats(host, loop);
        var test = new ScanoutTest(loop, seats, Requirements.None, new Messages(errors));
        var result = Assert.Single(test.Run(new Case { Name = "odd", Size = (width, height), Rate = rate, Memory = "memfd" }, 0.1));
        Assert.Contains(word, result.Problem, StringComparison.Ordinal);
        seats.Dispose();
        host.Dispose();
    }
}

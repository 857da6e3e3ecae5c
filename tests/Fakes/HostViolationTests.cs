namespace Guestplane.Tests.Fakes;

/// <summary>The fake host finds each mistake, answers it with the error that belongs to it, and closes.</summary>
public sealed partial class HostViolationTests
{
    private static readonly Dictionary<string, Mistake> s_mistakes = new(
        [.. ObjectsMistakes, .. ShellMistakes, .. SurfacesMistakes, .. BuffersMistakes]);

    public static TheoryData<string> Mistakes => [.. s_mistakes.Keys];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_found(string mistake)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var client = new RawClient(host);
        var expected = s_mistakes[mistake].MakeIn(client);
        if (!client.IsClosed)
            client.Sync();
        // What the host finds only when the client is gone.
        if (expected is null)
            Assert.True(host.WaitUntil(h => h.Violations.Count > 0, TimeSpan.FromSeconds(10)));
        Assert.Equal(expected, client.Error);
        Assert.Contains(s_mistakes[mistake].Said, Assert.Single(host.Violations).Text);
        if (expected is not null)
            Assert.True(client.IsClosed);
    }

    [Fact]
    public void A_window_without_a_mistake_is_none()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var client = new RawClient(host);
        client.BindAll().Window();
        client.Sync();
        Assert.Null(client.Error);
        Assert.Empty(host.Violations);
    }

    /// <summary>
    /// Something that a client must not do. <paramref name="Make"/> does it, after binding everything, and returns the object
    /// and code of the error that it gets; null for what the host only notes.
    /// </summary>
    private sealed record Mistake(string Said, Func<RawClient, (uint Id, uint Code)?> Make)
    {
        private bool IsBare { get; init; }

        /// <summary>Made by a client that has bound nothing yet.</summary>
        public static Mistake Bare(string said, Func<RawClient, (uint Id, uint Code)?> make) => new(said, make) { IsBare = true };

        public (uint Id, uint Code)? MakeIn(RawClient client) => Make(IsBare ? client : client.BindAll());
    }
}

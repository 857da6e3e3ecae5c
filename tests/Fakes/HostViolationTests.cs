namespace Guestplane.Tests.Fakes;

/// <summary>The fake compositor detects each mistake, sends the right error, and closes the connection.</summary>
public sealed partial class HostViolationTests
{
    private static readonly Dictionary<string, Mistake> s_mistakes = new(
        [.. ObjectsMistakes, .. ShellMistakes, .. SurfacesMistakes, .. BuffersMistakes, .. ColorsMistakes]);

    public static TheoryData<string> Mistakes => [.. s_mistakes.Keys];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_a_violation(string mistake)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols).With("zwp_linux_dmabuf_v1", 6));
        using var client = new RawClient(host);
        var expected = s_mistakes[mistake].MakeIn(client);
        if (!client.IsClosed)
            client.Sync();
        // Mistakes that are only detected when the client is gone.
        if (expected is null)
            Assert.True(host.WaitUntil(h => h.Violations.Count > 0, TimeSpan.FromSeconds(10)));
        Assert.Equal(expected, client.Error);
        Assert.Contains(s_mistakes[mistake].Said, Assert.Single(host.Violations).Text);
        if (expected is not null)
            Assert.True(client.IsClosed);
    }

    [Fact]
    public void A_correct_window_has_no_violations()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var client = new RawClient(host);
        client.BindAll().Window();
        client.Sync();
        Assert.Null(client.Error);
        Assert.Empty(host.Violations);
    }

    /// <summary>
    /// A mistake of a client. <paramref name="Make"/> makes it, after binding everything, and returns the object and the code of
    /// the error that it expects; null for mistakes that are only recorded.
    /// </summary>
    private sealed record Mistake(string Said, Func<RawClient, (uint Id, uint Code)?> Make)
    {
        private bool IsBare { get; init; }

        /// <summary>Made by a client that has not bound anything yet.</summary>
        public static Mistake Bare(string said, Func<RawClient, (uint Id, uint Code)?> make) => new(said, make) { IsBare = true };

        public (uint Id, uint Code)? MakeIn(RawClient client) => Make(IsBare ? client : client.BindAll());
    }
}

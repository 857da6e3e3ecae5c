using Guestplane.Gvt.Share;
using Guestplane.Linux;

namespace Guestplane.Tests.Gvt.Share;

public sealed class ShareQuotaTests
{
    private static readonly ShareQuota s_quota = new("seats", most: 8, mostOfUser: 4, mostOfProgram: 2);

    [Theory]
    [InlineData(2, 1, "its program has 2 seats already")]
    [InlineData(4, 4, "its user has 4 seats already")]
    [InlineData(3, 3, null)]
    public void A_program_and_a_user_with_many_programs_leave_room_for_others(int seats, int programs, string? problem)
    {
        List<PeerCredentials> present = [.. Enumerable.Range(0, seats).Select(i => new PeerCredentials(100 + i % programs, 1000, 1000))];
        Assert.Equal(problem, s_quota.Problem(present, new(100, 1000, 1000)));
        Assert.Null(s_quota.Problem(present, new(7, 1001, 1001)));
    }

    [Fact]
    public void There_is_an_end_to_all_of_them()
    {
        List<PeerCredentials> present = [.. Enumerable.Range(0, 8).Select(i => new PeerCredentials(100 + i, (uint)i / 4, 0))];
        Assert.Equal("there are 8 seats already", s_quota.Problem(present, new(7, 1001, 1001)));
    }
}

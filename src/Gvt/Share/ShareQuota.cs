using Guestplane.Linux;

namespace Guestplane.Gvt.Share;

/// <summary>How many of something there may be: in all, of one user, and of one program. Null: as many as of a user.</summary>
internal sealed class ShareQuota(string things, int most, int mostOfUser, int? mostOfProgram = null)
{
    /// <summary>Whether one more is too many: null, or a clause that says why.</summary>
    public string? Problem(IEnumerable<PeerCredentials> present, PeerCredentials next)
    {
        var (all, ofUser, ofProgram) = (0, 0, 0);
        foreach (var one in present)
        {
            all++;
            ofUser += one.User == next.User ? 1 : 0;
            // 0: a process of another pid namespace.
            ofProgram += one.ProcessId > 0 && (one.ProcessId, one.User) == (next.ProcessId, next.User) ? 1 : 0;
        }
        return ofProgram >= mostOfProgram ? $"its program has {mostOfProgram} {things} already"
            : ofUser >= mostOfUser ? $"its user has {mostOfUser} {things} already"
            : all >= most ? $"there are {most} {things} already" : null;
    }
}

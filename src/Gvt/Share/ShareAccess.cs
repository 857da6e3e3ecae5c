using Guestplane.Linux;

namespace Guestplane.Gvt.Share;

/// <summary>
/// Who may connect: our own user, root, and those that were allowed; and who of them may only look. Whoever was named as one that
/// may only look may not touch, whatever else allows it to connect.
/// </summary>
public sealed class ShareAccess
{
    private const uint Root = 0;

    private readonly Accounts _allowed = new(), _readers = new();

    /// <summary>True if somebody was named who need not be in one group.</summary>
    public bool HasNames { get; private set; }

    /// <summary>Also allows a user, or the group in ":GROUP". False if there is no such user or group.</summary>
    public bool Allow(string name) => Add(_allowed, name);

    /// <summary>Also allows a user or a group to look, and not to touch. False if there is no such user or group.</summary>
    public bool AllowLooking(string name) => Add(_readers, name);

    /// <summary>Also allows the members of a group.</summary>
    public void AllowGroup(uint group) => _allowed.Groups.Add(group);

    /// <summary>Whether the peer of a connected socket may stay.</summary>
    public bool Allows(PeerCredentials peer, int socket) => peer.User == Root || peer.User == Account.OwnUser
        || _allowed.Has(peer, socket) || _readers.Has(peer, socket);

    /// <summary>Whether the peer of a connected socket may type, point, and request another size.</summary>
    public bool MayTouch(PeerCredentials peer, int socket) => !_readers.Has(peer, socket);

    private bool Add(Accounts accounts, string name)
    {
        var id = name.StartsWith(':') ? Account.Group(name[1..]) : Account.User(name);
        if (id is not { } known)
            return false;
        (name.StartsWith(':') ? accounts.Groups : accounts.Users).Add(known);
        return HasNames = true;
    }

    private sealed class Accounts
    {
        public List<uint> Users { get; } = [];

        public List<uint> Groups { get; } = [];

        public bool Has(PeerCredentials peer, int socket) =>
            Users.Contains(peer.User) || Groups.Exists(group => peer.IsIn(group, socket));
    }
}

using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>
/// Users whose programs have sent more descriptors than their messages declare. Nothing can close those
/// (<see cref="StrayFds"/>), and a program may connect anew: so they are counted by user.
/// </summary>
internal sealed class StrayUsers
{
    private readonly Dictionary<uint, int> _strays = [];

    /// <summary>True if the user is not served any more.</summary>
    public bool Has(uint user) => _strays.GetValueOrDefault(user) > StrayFds.Few;

    /// <summary>Counts what a connection has left. True if that is too much from now on.</summary>
    public bool Add(uint user, int strays)
    {
        if (strays == 0 || Has(user))
            return false;
        _strays[user] = _strays.GetValueOrDefault(user) + strays;
        return Has(user);
    }
}

using Tmds.Linux;

namespace Guestplane.Linux.DBus;

/// <summary>
/// Finds the peer whose messages leave descriptors behind. libsystemd drops a message that has more descriptors than it declares,
/// and closes none of them (sd-bus, bus_socket_make_message). A peer that goes on sending such messages would use up all
/// descriptors that the program may have. Which number is open is asked after some messages only; each message is measured once
/// there are many descriptors that nobody here knows.
/// </summary>
public static class StrayFds
{
    /// <summary>More than any library opens in the life of the program.</summary>
    private const int Many = 200;

    /// <summary>A peer may leave so many: a library may open one of its own while a message is handled.</summary>
    public const int Few = 32;

    /// <summary>The search for the peer ends after so many messages.</summary>
    private const int Searched = 256;

    /// <summary>So many that were left by nobody who was found: from then on the search does not end.</summary>
    private const int Endless = 1000;

    /// <summary>SCM_MAX_FD (include/net/scm.h): a message has at most so many.</summary>
    private const int MostOfMessage = 253;

    // How many there were when nothing was wrong, or when the last peer was found; -1 before the first message.
    private static int s_first = -1;

    // How many there were at the end of the last search.
    private static int s_usual;

    // Those that sd-bus owns: the socket of each connection, and since version 256 its peer's pidfd.
    private static int s_owned;

    // Messages from one look to the next; 0 for none.
    private static int s_interval;
    private static int s_messages, s_search;

    /// <summary>Begins to look. Only for a program with one thread whose descriptors belong to <see cref="Fd"/>.</summary>
    public static void Watch() =>
        s_interval = (int)Math.Clamp(ProcessRights.FileLimit / (4 * MostOfMessage), 1, 64);

    /// <summary>sd-bus owns so many descriptors more, or fewer.</summary>
    internal static void Own(int more) => Interlocked.Add(ref s_owned, more);

    /// <summary>The descriptors that have no owner here; 0 if nobody looks.</summary>
    internal static int Unowned() => s_interval > 0 ? Count() : 0;

    /// <summary>To be called before a message is handled.</summary>
    internal static int Before() => s_search > 0 ? Count() : 0;

    /// <summary>To be called after it. True if the peer has left too many; <paramref name="sum"/> is how many.</summary>
    internal static bool After(int before, ref int sum)
    {
        if (s_search == 0)
        {
            if (s_interval > 0 && s_messages++ % s_interval == 0)
                Look();
            return false;
        }
        var now = Count();
        // Fewer: those of a message that was read with another one before.
        sum = Math.Max(0, sum + now - before);
        if (sum > Few)
            (s_search, s_usual, s_first) = (0, now, now);
        else if (--s_search == 0 && now > s_first + Endless)
            s_search = 1;
        else
            s_usual = now;
        return sum > Few;
    }

    private static void Look()
    {
        if (s_first < 0)
            s_first = s_usual = Count();
        else if (IsOpen(s_usual + Fd.Live + s_owned + Many) && Count() > s_usual + Many)
            s_search = Searched;
    }

    /// <summary>Open descriptors that have no owner here. Since Linux 6.2 the size of this folder is their number.</summary>
    private static unsafe int Count()
    {
        stat folder;
        fixed (byte* path = "/proc/self/fd"u8)
            if (LibC.stat(path, &folder) == 0 && folder.st_size > 0)
                return (int)folder.st_size - Fd.Live - s_owned;
        try
        {
            return Directory.GetFileSystemEntries("/proc/self/fd").Length - Fd.Live - s_owned;
        }
        catch (IOException)
        {
            // There is no descriptor left for looking.
            return (int)Math.Min(ProcessRights.FileLimit, int.MaxValue);
        }
    }

    private static bool IsOpen(int number) => LibC.fcntl(number, LibC.F_GETFD) >= 0;
}

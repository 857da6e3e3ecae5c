using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Linux;

/// <summary>Users and groups by name, from every source that the machine has for them (nsswitch.conf(5)).</summary>
public static unsafe partial class Account
{
    // passwd and group (pwd.h, grp.h) both begin with two strings, which the id follows.
    private const int IdOffset = 16;

    /// <summary>The id of this process's user.</summary>
    public static uint OwnUser { get; } = geteuid();

    /// <summary>A user's id by name or number; null if there is no such user.</summary>
    public static uint? User(string name)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
            return Id(getpwnam(text), name);
    }

    /// <summary>A group's id by name or number; null if there is no such group.</summary>
    public static uint? Group(string name)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
            return Id(getgrnam(text), name);
    }

    /// <summary>A user's name, or the id as a number.</summary>
    public static string UserName(uint id) => Name(getpwuid(id), id);

    /// <summary>A group's name, or the id as a number.</summary>
    public static string GroupName(uint id) => Name(getgrgid(id), id);

    private static string Name(byte** entry, uint id) =>
        (entry is not null ? Marshal.PtrToStringUTF8((nint)entry[0]) : null) ?? id.ToString(CultureInfo.InvariantCulture);

    private static uint? Id(byte* entry, string name) => entry is not null ? *(uint*)(entry + IdOffset)
        : uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial byte* getpwnam(byte* name);

    [LibraryImport("libc")]
    private static partial byte* getgrnam(byte* name);

    [LibraryImport("libc")]
    private static partial byte** getpwuid(uint id);

    [LibraryImport("libc")]
    private static partial byte** getgrgid(uint id);
}

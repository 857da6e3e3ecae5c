using System.Text;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>What kind of file it is and who may open it, for messages that say why we may not and what helps.</summary>
public static class FileOwner
{
    private const int PermissionBits = 0x1ff, GroupWriteBit = 0x10, TypeBits = 0xf000, SocketType = 0xc000, RegularType = 0x8000;

    /// <summary>
    /// "owner root, group kvm, mode 0660"; ids without a name are printed as numbers. "not there" if there is no such file. With
    /// "in /run/user/0: " before it the folder's, which may not be entered.
    /// </summary>
    public static string Describe(string path)
    {
        if (Status(path) is not { } status)
            return LibC.errno == LibC.EACCES && Path.GetDirectoryName(path) is { Length: > 0 } folder
                ? Status(folder) is null ? Describe(folder) : $"in {folder}: {Describe(folder)}" : "not there";
        var mode = Convert.ToString(Mode(status) & PermissionBits, 8).PadLeft(4, '0');
        return $"owner {Account.UserName((uint)status.st_uid)}, group {Account.GroupName((uint)status.st_gid)}, mode {mode}";
    }

    /// <summary>True if members of the file's group may write to it.</summary>
    public static bool GroupMayWrite(string path) => Status(path) is { } status && (Mode(status) & GroupWriteBit) != 0;

    public static bool IsSocket(string path) => Status(path) is { } status && (Mode(status) & TypeBits) == SocketType;

    private static int Mode(stat status) => (int)(uint)status.st_mode;

    private static unsafe stat? Status(string path)
    {
        stat status;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
            return LibC.stat(name, &status) < 0 ? null : status;
    }

    /// <summary>True if it is there, and neither a folder nor a device, FIFO or socket.</summary>
    public static bool IsRegular(string path) => Status(path) is { } status && (Mode(status) & TypeBits) == RegularType;

    /// <summary>What two names of one file have in common: device and inode. Null if it is not there.</summary>
    public static (ulong Device, ulong Inode)? Identity(string path) =>
        Status(path) is { } status ? ((ulong)status.st_dev, (ulong)status.st_ino) : null;

    /// <summary>The owner's user id; null if the file is not there.</summary>
    public static uid_t? Id(string path) => Status(path)?.st_uid;
}

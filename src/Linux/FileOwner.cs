using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>Who may open a file, in words: for the sentence that says why we may not.</summary>
public static class FileOwner
{
    private const int PermissionBits = 0x1ff;

    /// <summary>"owner root, group kvm, mode 0660", with numbers where there is no name.</summary>
    public static unsafe string Describe(string path)
    {
        stat status;
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
            if (LibC.stat(name, &status) < 0)
                return "not there";
        var mode = Convert.ToString((int)(uint)status.st_mode & PermissionBits, 8).PadLeft(4, '0');
        return $"owner {Name("/etc/passwd", (uint)status.st_uid)}, group {Name("/etc/group", (uint)status.st_gid)}, mode {mode}";
    }

    /// <summary>The name of an id in passwd(5) or group(5).</summary>
    private static string Name(string file, uint id)
    {
        var number = id.ToString();
        var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.Split(':') is { Length: > 2 } f && f[2] == number) : null;
        return line?.Split(':')[0] ?? number;
    }
}

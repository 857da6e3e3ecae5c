using Guestplane.Linux;

namespace Guestplane.Gvt.Share;

/// <summary>Where guestplane share listens if it is not told.</summary>
public static class ShareSocket
{
    /// <summary>The sockets of the system's units (dist/systemd/system/guestplane-share@.socket).</summary>
    private const string UnitFolder = "/run/guestplane";

    /// <summary>systemd has a link here for each unit that runs (systemd's src/core/unit.c, unit_export_invocation_id).</summary>
    private const string RunningUnits = "/run/systemd/units";

    /// <summary>A user's own; null without XDG_RUNTIME_DIR.</summary>
    public static string? Default => Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } folder
        ? Path.Combine(folder, "guestplane.sock") : null;

    /// <summary>The sockets that are there, at these places, but for a user's own at which nobody listens any more.</summary>
    public static IEnumerable<string> Existing()
    {
        if (Default is { } own && FileOwner.IsSocket(own) && !ListeningSocket.IsDead(own))
            yield return own;
        if (!Directory.Exists(UnitFolder))
            yield break;
        foreach (var path in Directory.EnumerateFiles(UnitFolder, "*.sock").Where(FileOwner.IsSocket))
            yield return path;
    }

    /// <summary>False for the socket of a unit that does not run: to connect would start it, and open the device.</summary>
    public static bool MayConnect(string path)
    {
        if (Path.GetDirectoryName(path) != UnitFolder)
            return true;
        var link = $"{RunningUnits}/invocation:guestplane-share@{Path.GetFileNameWithoutExtension(path)}.service";
        return new FileInfo(link).LinkTarget is not null;
    }
}

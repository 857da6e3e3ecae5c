using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>The open descriptors of processes (proc(5), /proc/PID/fd).</summary>
public static class ProcessFds
{
    /// <summary>A process's descriptors and their link targets. Throws what Directory throws if it may not be read.</summary>
    public static IEnumerable<(int Number, string Target)> List(int pid)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd"))
        {
            var target = Target(path);
            if (target is not null)
                yield return (int.Parse(Path.GetFileName(path)), target);
        }
    }

    /// <summary>A line of what the kernel tells of a descriptor (/proc/PID/fdinfo); null for none.</summary>
    /// <param name="key">Of the line, without its colon.</param>
    public static string? Info(int pid, int number, string key)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/fdinfo/{number}")
                .FirstOrDefault(line => line.StartsWith($"{key}:", StringComparison.Ordinal))?[(key.Length + 1)..].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Closed meanwhile.
            return null;
        }
    }

    /// <summary>The ids of all running processes.</summary>
    public static IEnumerable<int> Processes()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), out var pid))
                yield return pid;
    }

    /// <summary>True if the process runs as our user. Another user's may have a name and arguments that deceive.</summary>
    public static bool IsOurs(int pid) => FileOwner.Id($"/proc/{pid}") == LibC.geteuid();

    /// <summary>A process's arguments; empty if it has ended, is a kernel thread, or /proc hides it (hidepid).</summary>
    public static IReadOnlyList<string> CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>A process's current folder; null if it has ended or we may not see it.</summary>
    public static string? Folder(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/cwd").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// The file name (links resolved) of the first mapped file that matches; null if there is none or we may not see it:
    /// /proc/PID/maps needs the right to trace the process (proc(5)).
    /// </summary>
    public static string? MappedFile(int pid, Func<string, bool> matches)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/maps").Select(line => Path.GetFileName(line[(line.LastIndexOf(' ') + 1)..]))
                .FirstOrDefault(matches);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The processes that have <paramref name="file"/> open, as far as we may see that.</summary>
    public static IEnumerable<(int Pid, string Name)> Holders(string file)
    {
        foreach (var pid in Processes())
            if (pid != Environment.ProcessId && Holds(pid, file))
                yield return (pid, Name(pid));
    }

    /// <summary>The process's command name, or "?" if it has ended or /proc hides it (hidepid).</summary>
    public static string Name(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }

    private static bool Holds(int pid, string file)
    {
        try
        {
            return List(pid).Any(fd => fd.Target == file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or one that has just ended.
            return false;
        }
    }

    /// <summary>
    /// The link's target as the kernel prints it ("anon_inode:[vfio-device]"); null if it has been closed meanwhile.
    /// </summary>
    private static string? Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}

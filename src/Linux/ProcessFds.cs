namespace Guestplane.Linux;

/// <summary>What the processes of this machine hold open (proc(5), /proc/PID/fd).</summary>
public static class ProcessFds
{
    /// <summary>A process's descriptors with what they link to. Throws what Directory does when it may not be read.</summary>
    public static IEnumerable<(int Number, string Target)> Of(int pid)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd"))
        {
            var target = Target(path);
            if (target is not null)
                yield return (int.Parse(Path.GetFileName(path)), target);
        }
    }

    /// <summary>The processes of now.</summary>
    public static IEnumerable<int> Processes()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), out var pid))
                yield return pid;
    }

    /// <summary>A process's arguments; none when it has ended, or is the kernel's.</summary>
    public static IReadOnlyList<string> CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>
    /// The name of a file that a process has mapped, links followed; null when there is none, or we may not see it
    /// (proc(5), /proc/PID/maps: that takes the right to trace it).
    /// </summary>
    public static string? MappedFile(int pid, Func<string, bool> isIt)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/maps").Select(line => Path.GetFileName(line[(line.LastIndexOf(' ') + 1)..]))
                .FirstOrDefault(isIt);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>"qemu-system-x86 (pid 123)" for each process that visibly has <paramref name="file"/> open.</summary>
    public static IEnumerable<(int Pid, string Name)> Holders(string file)
    {
        foreach (var pid in Processes())
            if (pid != Environment.ProcessId && Holds(pid, file))
                yield return (pid, Name(pid));
    }

    /// <summary>The process's command name, or "?" when it has ended.</summary>
    public static string Name(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (IOException)
        {
            return "?";
        }
    }

    private static bool Holds(int pid, string file)
    {
        try
        {
            return Of(pid).Any(fd => fd.Target == file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or one that just ended: not visible to us.
            return false;
        }
    }

    /// <summary>The link as the kernel wrote it, "anon_inode:[vfio-device]" included; null when it is closed by now.</summary>
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

using System.Diagnostics;
using System.Runtime.Versioning;
using Guestplane.Linux;

namespace Guestplane.Tests.Linux;

public sealed class ProcessTests
{
    [Fact]
    public void The_process_that_holds_a_file_is_found()
    {
        var file = Path.GetTempFileName();
        // The shell opens the file, says so, and is replaced by what waits with it.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec 9<\"$0\"; echo; exec cat", file])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var child = Process.Start(start)!;
        try
        {
            child.StandardOutput.ReadLine();
            var (pid, name) = Assert.Single(ProcessFds.Holders(file));
            Assert.Equal(child.Id, pid);
            Assert.Contains(name, new[] { "cat", "sh", "dash", "bash" });
            Assert.Contains((9, file), ProcessFds.List(child.Id));
        }
        finally
        {
            child.StandardInput.Close();
            child.WaitForExit();
            File.Delete(file);
        }
        Assert.Empty(ProcessFds.Holders(file));
    }

    [Fact]
    public void Our_own_process_is_not_listed_as_a_holder()
    {
        var file = Path.GetTempFileName();
        using (File.OpenRead(file))
        {
            // A process that another test starts has our descriptors for a moment.
            Assert.True(SpinWait.SpinUntil(() => !ProcessFds.Holders(file).Any(), TimeSpan.FromSeconds(10)));
        }
        File.Delete(file);
    }

    [Fact]
    public void A_process_that_has_ended_has_no_name()
    {
        using var child = Process.Start("/bin/true");
        child.WaitForExit();
        Assert.Equal("?", ProcessFds.Name(child.Id));
        Assert.Equal(Errno.NoProcess, Assert.Throws<LinuxException>(() => Pidfd.Open(child.Id)).Errno);
    }

    [Fact]
    public void The_end_of_a_process_makes_its_pidfd_ready()
    {
        using var child = Process.Start(new ProcessStartInfo("/bin/cat") { RedirectStandardInput = true })!;
        using var process = Pidfd.Open(child.Id);
        using var loop = new Loop();
        loop.Add(new LoopWatch(process, _ => loop.Stop()));
        child.StandardInput.Close();
        loop.Run();
        child.WaitForExit();
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void The_owner_of_a_file_is_described()
    {
        var file = Path.GetTempFileName();
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Matches("^owner [^ ,]+, group [^ ,]+, mode 0640$", FileOwner.Describe(file));
        File.Delete(file);
        Assert.Equal("not there", FileOwner.Describe(file));
        Assert.Equal("owner root, group root, mode 0666", FileOwner.Describe("/dev/null"));
    }

    [Fact]
    public void A_known_path_notices_when_its_file_appears_and_disappears()
    {
        var file = Path.GetTempFileName();
        var known = new KnownPath(file);
        Assert.False(known.IsGone);
        File.Delete(file);
        Assert.True(known.IsGone);
        Assert.False(new KnownPath($"/dev/null/{Path.GetFileName(file)}").IsGone);
    }

    [Fact]
    public void Clocks_agree()
    {
        var before = Clock.Now;
        var read = Clock.Read(Clock.Monotonic);
        Assert.InRange(read, before, Clock.Now);
        Assert.True(Clock.Cpu > 0);
        Assert.Equal(Errno.Invalid, Assert.Throws<LinuxException>(() => Clock.Read(4711)).Errno);
    }
}

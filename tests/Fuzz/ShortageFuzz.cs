using System.Diagnostics;
using Guestplane.Compositor;
using Guestplane.Tests.Compositor;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Fuzz;

/// <summary>A machine that has no descriptors or no memory left, at any step: an end with a sentence, or a show that goes on.</summary>
public sealed class ShortageFuzz
{
    // errno-base.h, errno.h.
    private const int NoMemory = 12, ManyFiles = 24, NoBuffers = 105;
    private const int Bug = (int)ExitCode.Bug;

    private static readonly (string Call, int Most, int Errno)[] s_calls =
    [
        ("mmap", 20, NoMemory), ("ppoll", 60, NoMemory), ("sendmsg", 60, NoBuffers), ("recvmsg", 60, NoMemory), ("memfd_create", 8, ManyFiles),
        ("socketpair", 4, ManyFiles),
    ];

    [Fact]
    public void Without_descriptors_or_memory_the_end_has_a_sentence()
    {
        Assert.SkipUnless(Tools.Has("cc"), "there is no C compiler");
        var folder = Directory.CreateTempSubdirectory("guestplane-fail-");
        var library = Path.Combine(folder.FullName, "fail.so");
        Tools.Run(new ProcessStartInfo("cc", ["-shared", "-fPIC", "-o", library, Path.Combine(Repository.Root, "tests", "Fuzz", "fail.c")]));
        FuzzRun.Repeat("shortage", random =>
        {
            var (call, most, errno) = random.Of(s_calls);
            var shortage = random.Next(2) == 0 ? $"ulimit -n {random.Next(4, 48)};" : $"export LD_PRELOAD={library} FAIL={call}:{random.Next(1, most)}:{errno};";
            using var desktop = new QemuDesktop();
            var source = random.Next(2) == 0 ? desktop.Source : "pattern:memory=memfd,size=640x480";
            using var run = ProgramRun.Shell(desktop.Host.RuntimeDir, desktop.Host.DisplayName, $"show {source} --seconds 0.2", shortage);
            var code = run.Wait().ExitCode;
            Assert.True(Enum.IsDefined((ExitCode)code) && code != Bug, $"{shortage} {source}: {code}: {run.Messages}");
            Assert.True(code == 0 || run.Messages.Contains("guestplane: ", StringComparison.Ordinal), $"{shortage} {source}: {code} without a word");
            Assert.DoesNotContain("libwayland-client.so.0 is not installed", run.Messages, StringComparison.Ordinal);
            Assert.DoesNotContain("libsystemd.so.0 is not installed", run.Messages, StringComparison.Ordinal);
            if (code == 0)
                Assert.Empty(desktop.Host.Violations);
        });
        folder.Delete(recursive: true);
    }
}

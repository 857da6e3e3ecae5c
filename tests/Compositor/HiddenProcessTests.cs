using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Compositor;

/// <summary>A /proc whose folders of other users' processes may not be entered (hidepid), as a unit with ProtectProc=noaccess has it.</summary>
public sealed class HiddenProcessTests : IDisposable
{
    private const int NotPermitted = 77;
    private const string Hide = "mount -t proc -o hidepid=noaccess proc /proc";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-hidden-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("list", 0, "")]
    [InlineData("show pid:1", NotPermitted, "guestplane may not look into ? (pid 1): ")]
    public async Task Processes_that_are_hidden_are_passed_over_or_named(string arguments, int code, string words)
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can mount /proc");
        var (status, said) = await Tools.Script(new("unshare", ["--mount", .. Hide.Split(' ')]));
        Assert.SkipUnless(status == 0, $"this machine mounts no /proc for tests: {said.Trim()}");
        Tools.CopyProgram(Repository.Program, Path.Combine(_folder.FullName, "guestplane"));
        Tools.Run(new("chmod", ["-R", "755", _folder.FullName]));
        var command = $"{Hide} && exec setpriv --reuid=nobody --regid=nogroup --clear-groups ./guestplane {arguments}";
        using var run = ProgramRun.Shell(_folder.FullName, "none", "", $"cd {_folder.FullName}; exec unshare --mount sh -c '{command}';").Wait();
        Assert.True(run.ExitCode == code, $"{run.ExitCode}: {run.Messages}");
        Assert.Contains(words, run.Messages, StringComparison.Ordinal);
    }
}

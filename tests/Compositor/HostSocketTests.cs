using Guestplane.Tests.Fakes;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Compositor;

/// <summary>A compositor that is there, and that guestplane cannot reach.</summary>
public sealed class HostSocketTests : IDisposable
{
    private const int NoHost = 69, NotPermitted = 77, Nobody = 65534;

    private readonly FakeHost _host = new(new HostSetup(Repository.Protocols));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-socket-");

    public HostSocketTests()
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        Tools.CopyProgram(Repository.Program, Path.Combine(_folder.FullName, "guestplane"));
        Tools.Run(new("chmod", ["-R", "755", _folder.FullName]));
    }

    public void Dispose()
    {
        _host.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("show", "755", "600", "owner root, group root, mode 0600")]
    [InlineData("show --reconnect", "700", "666", "in FOLDER: owner root, group root, mode 0700")]
    [InlineData("kiosk", "700", "666", "in FOLDER: owner root, group root, mode 0700")]
    public void One_of_another_user_is_named_with_its_owner(string command, string ofFolder, string ofSocket, string rights)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can start a program as another user");
        Tools.Run(new("chmod", [ofFolder, _host.RuntimeDir]));
        Tools.Run(new("chmod", [ofSocket, _host.SocketPath]));
        using var run = Run(_host.RuntimeDir, $"setpriv --reuid={Nobody} --regid={Nobody} --clear-groups ./guestplane {command} pattern");
        Assert.Equal(
            $"guestplane: guestplane may not use the compositor's socket {_host.SocketPath} "
                + $"({rights.Replace("FOLDER", _host.RuntimeDir, StringComparison.Ordinal)}): run it as its owner.\n", run.Messages);
        Assert.Equal(NotPermitted, run.ExitCode);
    }

    [Fact]
    public void A_relative_folder_is_named()
    {
        using var run = Run("here", "./guestplane show pattern");
        Assert.Equal("guestplane: XDG_RUNTIME_DIR is \"here\": set it to an absolute path, such as /run/user/1000.\n", run.Messages);
        Assert.Equal(NoHost, run.ExitCode);
    }

    private ProgramRun Run(string runtimeDir, string command) =>
        ProgramRun.Shell(runtimeDir, _host.DisplayName, "", $"cd {_folder.FullName}; exec {command};").Wait();
}

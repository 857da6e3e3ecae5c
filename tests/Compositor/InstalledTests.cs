using System.Diagnostics;
using System.Runtime.InteropServices;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Hosts;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>What an installed program must not do for whoever may write a file or set a variable.</summary>
public sealed class InstalledTests : IDisposable
{
    private const string Source = """
        #include <fcntl.h>
        #include <stdlib.h>
        #include <unistd.h>
        __attribute__((constructor)) static void planted(void) { close(open(getenv("PLANTED"), O_CREAT | O_WRONLY, 0666)); }
        """;

    private static readonly string[] s_show = ["show", "pattern:memory=memfd,size=64x64", "--frames", "3"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-planted-");
    private readonly FakeHost _host = new(new HostSetup(Repository.Protocols).Without("zxdg_decoration_manager_v1"));

    public InstalledTests()
    {
        Assert.SkipUnless(Tools.Has("cc"), "there is no C compiler");
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        Tools.CopyProgram(Repository.Program, Program);
    }

    private string Program => Path.Combine(_folder.FullName, "guestplane");

    private string Planted => Path.Combine(_folder.FullName, "planted");

    public void Dispose()
    {
        _host.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("libwayland-client.so.0")]
    [InlineData("libsystemd.so.0")]
    [InlineData("libc.so.6")]
    public void A_library_beside_the_program_is_not_loaded(string name)
    {
        Plant(Path.Combine(_folder.FullName, name));
        Assert.Equal(0, Run([Program, .. s_show]));
        Assert.False(File.Exists(Planted), $"{name} was loaded");
    }

    /// <summary>A copy of another user's with the set-user-ID bit: AT_SECURE is set for it as it is for one with capabilities.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_program_with_raised_rights_loads_no_plugin_that_the_environment_names(bool isRaised)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can make a program that runs with the rights of another user");
        Assert.SkipUnless(NativeLibrary.TryLoad(Libdecor.File, out _), $"{Libdecor.File} is not installed (Debian: libdecor-0-0)");
        Plant(Path.Combine(_folder.FullName, "libdecor-planted.so"));
        Tools.Run(new("chmod", ["777", _folder.FullName, _host.RuntimeDir, _host.SocketPath]));
        Tools.Run(new("chown", ["daemon", Program]));
        Tools.Run(new("chmod", [isRaised ? "4755" : "755", Program]));
        Assert.Equal(0, Run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", Program, .. s_show]));
        Assert.Equal(!isRaised, File.Exists(Planted));
    }

    private void Plant(string path)
    {
        var source = Path.Combine(_folder.FullName, "planted.c");
        File.WriteAllText(source, Source);
        Tools.Run(new("cc", ["-shared", "-fPIC", "-o", path, source]));
    }

    private int Run(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardError = true,
            Environment =
            {
                ["XDG_RUNTIME_DIR"] = _host.RuntimeDir,
                ["WAYLAND_DISPLAY"] = _host.DisplayName,
                ["XDG_CONFIG_HOME"] = "/nonexistent",
                ["LIBDECOR_PLUGIN_DIR"] = _folder.FullName,
                ["PLANTED"] = Planted,
            },
        };
        using var process = Process.Start(start)!;
        TestContext.Current.TestOutputHelper!.WriteLine(process.StandardError.ReadToEnd());
        process.WaitForExit();
        return process.ExitCode;
    }
}

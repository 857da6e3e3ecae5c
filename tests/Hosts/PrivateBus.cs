using System.Diagnostics;

namespace Guestplane.Tests.Hosts;

/// <summary>A message bus of its own.</summary>
internal sealed class PrivateBus : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-bus-");
    private readonly Process _daemon;

    public PrivateBus()
    {
        Assert.SkipUnless(Tools.Has("dbus-daemon"), "dbus-daemon is not installed");
        _daemon = Process.Start(new ProcessStartInfo("dbus-daemon", ["--session", "--nofork", "--nopidfile", "--print-address", $"--address={Address}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        // Printed when it listens.
        if (_daemon.StandardOutput.ReadLine() is null)
            Assert.Fail($"dbus-daemon: {_daemon.StandardError.ReadToEnd()}");
    }

    public string Address => $"unix:path={_folder.FullName}/bus";

    public void Dispose()
    {
        _daemon.Kill();
        _daemon.WaitForExit();
        _daemon.Dispose();
        _folder.Delete(recursive: true);
    }
}

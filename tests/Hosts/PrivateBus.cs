using System.Diagnostics;

namespace Guestplane.Tests.Hosts;

/// <summary>A message bus of its own.</summary>
internal sealed class PrivateBus : IDisposable
{
    /// <summary>dbus's own, in its system.conf: no names, and no calls but to the bus itself.</summary>
    private const string SystemRules = """
        <policy context="default">
          <allow user="*"/>
          <deny own="*"/>
          <deny send_type="method_call"/>
          <allow send_type="signal"/>
          <allow send_requested_reply="true" send_type="method_return"/>
          <allow send_requested_reply="true" send_type="error"/>
          <allow receive_type="method_call"/>
          <allow receive_type="method_return"/>
          <allow receive_type="error"/>
          <allow receive_type="signal"/>
          <allow send_destination="org.freedesktop.DBus"/>
        </policy>
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-bus-");
    private readonly Process _daemon;
    private bool _isOver;

    /// <summary>With the rules of a user's session, in which everybody may do everything.</summary>
    public PrivateBus()
        : this(_ => "--session")
    {
    }

    /// <summary>With the rules of the system's bus.</summary>
    /// <param name="more">What its configuration has besides them.</param>
    public PrivateBus(string more)
        : this(folder =>
        {
            var file = Path.Combine(folder, "bus.conf");
            File.WriteAllText(file, $"""
                <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
                 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
                <busconfig><type>system</type><listen>unix:tmpdir=/tmp</listen>{SystemRules}{more}</busconfig>
                """);
            return $"--config-file={file}";
        })
    {
    }

    private PrivateBus(Func<string, string> configure)
    {
        Assert.SkipUnless(Tools.Has("dbus-daemon"), "dbus-daemon is not installed");
        _daemon = Process.Start(new ProcessStartInfo("dbus-daemon",
            [configure(_folder.FullName), "--nofork", "--nopidfile", "--print-address", $"--address={Address}"])
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
        if (_isOver)
            return;
        _isOver = true;
        _daemon.Kill();
        _daemon.WaitForExit();
        _daemon.Dispose();
        _folder.Delete(recursive: true);
    }
}

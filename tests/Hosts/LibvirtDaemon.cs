using System.Diagnostics;

namespace Guestplane.Tests.Hosts;

/// <summary>This machine's libvirt, in a session of its own for a user who may do nothing else, with one VM: a PC that boots nothing.</summary>
internal sealed class LibvirtDaemon : IDisposable
{
    public const string Domain = "guestplane-test";

    private const string Nobody = "65534";

    private const string Xml =
        $"""
        <domain type='qemu'>
          <name>{Domain}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
          <os><type arch='x86_64' machine='pc'>hvm</type></os>
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            <graphics type='vnc'><listen type='socket'/></graphics>
            <graphics type='dbus' p2p='yes'/>
            <video><model type='vga'/></video>
          </devices>
        </domain>
        """;

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("guestplane-libvirt-");
    private readonly Process _daemon;
    private readonly Task<string> _log;

    private LibvirtDaemon()
    {
        Assert.SkipUnless(Tools.Has("libvirtd") && Tools.Has("virsh"), "libvirt is not installed");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a session of libvirt for another user takes root");
        // virtlogd, which takes the VM's output elsewhere, is another daemon.
        File.WriteAllText(Path.Combine(_home.CreateSubdirectory("libvirt").FullName, "qemu.conf"), "stdio_handler = \"file\"\n");
        File.WriteAllText(Path.Combine(_home.FullName, "domain.xml"), Xml);
        Tools.Run(new("chown", ["-R", Nobody, _home.FullName]));
        var start = AsNobody("libvirtd");
        start.RedirectStandardError = true;
        _daemon = Process.Start(start)!;
        _log = _daemon.StandardError.ReadToEndAsync();
    }

    private string Socket => Path.Combine(_home.FullName, "libvirt/libvirt-sock");

    /// <summary>For LIBVIRT_DEFAULT_URI.</summary>
    public string Uri => $"qemu+unix:///session?socket={Socket}";

    /// <summary>With the VM running.</summary>
    public static async Task<LibvirtDaemon> Start()
    {
        var libvirt = new LibvirtDaemon();
        await Tools.Until(() => libvirt._daemon.HasExited || Tools.Listens(libvirt.Socket), () => "libvirt opened no socket");
        if (libvirt._daemon.HasExited)
            Assert.Fail($"libvirtd: {libvirt._log.Result}");
        libvirt.Do("create", Path.Combine(libvirt._home.FullName, "domain.xml"));
        return libvirt;
    }

    /// <summary>virsh(1).</summary>
    public string Do(params string[] command) => Tools.Run(AsNobody(["virsh", "-c", "qemu:///session", .. command]));

    private bool Running() => Do("list", "--name").Contains(Domain, StringComparison.Ordinal);

    public void Dispose()
    {
        // It ends with its daemon only if nobody has ended it before.
        if (Running())
            Do("destroy", Domain);
        if (!_daemon.HasExited)
            _daemon.Kill();
        _daemon.WaitForExit();
        _daemon.Dispose();
        _home.Delete(recursive: true);
    }

    private ProcessStartInfo AsNobody(params string[] command)
    {
        var start = new ProcessStartInfo("setpriv", [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", .. command]);
        foreach (var name in new[] { "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME" })
            start.Environment[name] = _home.FullName;
        return start;
    }
}

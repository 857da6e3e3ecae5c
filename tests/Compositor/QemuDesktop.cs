using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The program between a VM and a desktop, both fakes.</summary>
internal sealed class QemuDesktop : IDisposable
{
    public const uint Xr24 = 0x34325258, Xrgb = QemuByteScanout.X8R8G8B8;
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-qmp-");

    /// <param name="arguments">Of show, after the source.</param>
    /// <param name="vm">By default one console of 64x48.</param>
    /// <param name="host">What the host has besides pointer, keyboard and touch.</param>
    /// <param name="command">show or kiosk.</param>
    public QemuDesktop(string arguments = "", QemuSetup? vm = null, Action<HostSetup>? host = null, string command = "show")
    {
        var setup = new HostSetup(Repository.Protocols) { KeyboardPresent = true, TouchPresent = true };
        foreach (var name in new[] { "zwp_pointer_constraints_v1", "zwp_relative_pointer_manager_v1", "zwp_keyboard_shortcuts_inhibit_manager_v1" })
            setup.With(name, 1);
        host?.Invoke(setup);
        Host = new FakeHost(setup);
        Qemu = new FakeQemu(vm ?? new QemuSetup { Consoles = [new() { Width = 64, Height = 48 }] });
        var qmp = new FakeQmp(Qemu, Path.Combine(_folder.FullName, "qmp"));
        Source = $"qemu:qmp={qmp.SocketPath}";
        Arguments = $"{command} {Source} {arguments}".TrimEnd();
    }

    public FakeHost Host { get; }

    public FakeQemu Qemu { get; }

    public string Source { get; }

    public string Arguments { get; }

    public ProgramRun? Run { get; private set; }

    public HostSurfaceInfo Root => ShowTests.Root(Host)!;

    public HostSurfaceInfo Primary => ShowTests.Primary(Host)!;

    /// <summary>Started, and its first image on the screen.</summary>
    public static QemuDesktop Shown(string arguments = "", QemuSetup? vm = null, Action<HostSetup>? host = null, string command = "show")
    {
        var desktop = new QemuDesktop(arguments, vm, host, command);
        try
        {
            desktop.Start();
            desktop.Wait(h => ShowTests.Primary(h) is { Parent: not null, Buffer: not null });
            return desktop;
        }
        catch
        {
            desktop.Dispose();
            throw;
        }
    }

    public void Start(params (string Name, string Value)[] environment) => Run = ProgramRun.Start(Host, Arguments, environment);

    public void Wait(Func<FakeHost, bool> condition) => Assert.True(Host.WaitUntil(condition, Soon), "the host did not come to see it");

    public void WaitQemu(Func<FakeQemu, bool> condition) => Assert.True(Qemu.WaitUntil(condition, Soon), "QEMU did not come to see it");

    /// <summary>Until QEMU has got that much input, sizes aside.</summary>
    public List<QemuInput> Sent(int count)
    {
        WaitQemu(q => q.Input.Count(input => input is not QemuUiInfo) >= count);
        return Qemu.Input.Where(input => input is not QemuUiInfo).ToList();
    }

    public static Fd Memory(byte fill, int width = 64, int height = 48)
    {
        var memory = Memfd.Create("qemu", width * height * 4);
        memory.WriteAt(Enumerable.Repeat(fill, width * height * 4).ToArray(), 0);
        return memory;
    }

    public static QemuDmabuf Image(Fd memory) =>
        new() { Fds = [memory], Width = 64, Height = 48, Strides = [256], Fourcc = Xr24, IsTopFirst = false };

    public void Show(Fd memory) => Show(Image(memory));

    public void Show(QemuDmabuf image)
    {
        Qemu.Console.ScanoutDmabuf2(image);
        Qemu.Console.UpdateDmabuf(0, 0, (int)image.Width, (int)image.Height);
    }

    /// <summary>Asks the program to end, and nobody has made a mistake.</summary>
    public ProgramRun End()
    {
        Run!.Terminate();
        Run.Wait();
        Assert.Equal((0, ""), (Run.ExitCode, string.Join('\n', Host.Violations.Select(violation => violation.Text).Concat(Qemu.Violations))));
        return Run;
    }

    public void Dispose()
    {
        Run?.Dispose();
        Host.Dispose();
        Qemu.Dispose();
        _folder.Delete(recursive: true);
    }
}

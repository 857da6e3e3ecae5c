using Guestplane.Gvt.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>The way to a VM's input, by its command line.</summary>
public sealed class QemuCommandLineTests
{
    [Theory]
    [InlineData("-display dbus,p2p=yes -qmp unix:/run/q,server=on,wait=off", "qemu:qmp=/run/q")]
    [InlineData("-display dbus,gl=on,p2p=on -chardev socket,id=m,path=/run/m,server=on -mon chardev=m,mode=control", "qemu:qmp=/run/m")]
    [InlineData("-display dbus", "qemu:pid=7")]
    [InlineData("-display dbus,addr=unix:path=/run/bus", "qemu:bus=unix:path=/run/bus,pid=7")]
    [InlineData("-display none -qmp-pretty unix:/run/a,,b,server=on", "qmp:/run/a,b")]
    [InlineData("--display none --qmp unix:/run/q,server", "qmp:/run/q")]
    [InlineData("-chardev socket,path=/run/m,server=on,id=m -mon m,mode=control", "qmp:/run/m")]
    [InlineData("-chardev socket,id=m,path=/run/hmp,server=on -mon chardev=m,mode=readline", null)]
    [InlineData("-chardev socket,id=serial0,path=/run/monitor,server=on", null)]
    [InlineData("-qmp tcp:localhost:4444,server=on", null)]
    [InlineData("-qmp", null)]
    [InlineData("-display gtk", null)]
    [InlineData("-name guest=deb,debug-threads=on -display dbus,p2p=yes -chardev socket,id=charmonitor,fd=24,server=on -mon chardev=charmonitor,mode=control", "libvirt:deb")]
    [InlineData("-name deb -uuid 11111111-2222-3333-4444-555555555555 -display dbus -chardev socket,id=charmonitor,fd=24", "libvirt:11111111-2222-3333-4444-555555555555")]
    [InlineData("-name deb -display dbus -drive file=/var/lib/libvirt/images/deb.qcow2", "qemu:pid=7")]
    [InlineData("-name guest=deb -chardev socket,id=charmonitor,path=/run/m,server=on -mon chardev=charmonitor,mode=control", null)]
    public void Options(string arguments, string? words) =>
        Assert.Equal(words, new QemuCommandLine(7, ["qemu-system-x86_64", .. arguments.Split(' ')]).InputWords);

    [Theory]
    [InlineData("-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/u,display=on", "vfio-pci", "/sys/bus/mdev/devices/u False")]
    [InlineData("-device vfio-pci-nohotplug,ramfb=on,display=on,sysfsdev=/sys/x", "vfio-pci-nohotplug", "/sys/x True")]
    [InlineData("-device driver=vfio-pci,display=auto,host=02:00.0,id=gpu", "gpu", "/sys/bus/pci/devices/0000:02:00.0 False")]
    [InlineData("-device vfio-pci,display=on,host=0001:02:00.0", "vfio-pci", "/sys/bus/pci/devices/0001:02:00.0 False")]
    [InlineData("-device vfio-pci,display=on,fd=9", "vfio-pci", " False")]
    [InlineData("-device {\"driver\":\"vfio-pci-nohotplug\",\"id\":\"hostdev0\",\"sysfsdev\":\"/sys/x\",\"display\":\"on\",\"ramfb\":true}", "hostdev0", "/sys/x True")]
    [InlineData("-device vfio-pci,display=on,fd=9 -device vfio-pci,display=on,fd=8", "vfio-pci", " False; False")]
    [InlineData("-device vfio-pci,sysfsdev=/sys/x", "vfio-pci", "")]
    [InlineData("-device vfio-pci,sysfsdev=/sys/x,display=off", "vfio-pci", "")]
    [InlineData("-device vfio-pci,sysfsdev=/sys/x,display=on,id=gpu", "vfio-pci", "")]
    [InlineData("-device VGA", "VGA", "")]
    [InlineData("-device {\"driver\":", "vfio-pci", "")]
    [InlineData("-device {\"driver\":\"\\ud800\"}", "vfio-pci", "")]
    [InlineData("-device {\"\\udfff\":1}", "vfio-pci", "")]
    [InlineData("-device {\"display\":\"on\"}", "vfio-pci", "")]
    [InlineData("-device", "vfio-pci", "")]
    public void Vfio_displays(string arguments, string label, string found) => Assert.Equal(found, string.Join(';',
        new QemuCommandLine(7, ["qemu", .. arguments.Split(' ')]).VfioDisplays(label)
            .Select(device => $"{device.SysfsPath} {device.HasFirmwareImage}")));

    [Fact]
    public void A_relative_path_is_one_of_its_folder() => Assert.Equal($"qmp:{Environment.CurrentDirectory}/q",
        new QemuCommandLine(Environment.ProcessId, ["qemu", "-qmp", "unix:q,server=on"]).InputWords);
}

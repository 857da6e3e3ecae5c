using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>The planes of a VM's vGPU, asked directly: no listener is registered, and all else goes to QEMU.</summary>
public sealed class QemuDirectTests
{
    private const string Why = "guestplane may not look into qemu (pid 7)";

    [Fact]
    public void The_vGPU_is_polled_and_QEMU_gets_no_listener()
    {
        using var vm = Joined(out var found);
        Assert.True(vm.Guest.IsPolled);
        Assert.Equal(new(PlanesWay.Vfio, Found.Answers), vm.Guest.Planes);
        Poll(vm);
        found.Vgpu.Plane = FakeVgpu.Xrgb(2, 640, 480);
        Poll(vm);
        Assert.Equal([640, 640], vm.Flips.Select(flip => flip.Scanout!.Width));
        Assert.Equal(2, vm.Guest.DmaBufs);
        Assert.Equal(0, vm.Qemu.Console.ListenersRegistered);
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void Positions_are_converted_to_the_consoles_size_which_QEMU_does_not_change()
    {
        using var vm = Joined(out _, QemuVm.Small(console => console.IsAbsolute = true));
        Poll(vm);
        Assert.Equal((640, 480), vm.Input.Size);
        vm.Input.MoveTo(320, 479);
        vm.Input.Key(30, true);
        Assert.Equal([new QemuPosition(0, 32, 47), new QemuKey(0, 30, true)], vm.Sent(2));
    }

    [Fact]
    public void A_size_is_asked_of_QEMU()
    {
        using var vm = Joined(out _);
        vm.Head.Resize!(new HeadSize(800, 600, 200, 150));
        Assert.Equal([new QemuUiInfo(0, 200, 150, 0, 0, 800, 600)], vm.Sent(1));
    }

    [Fact]
    public void After_a_restart_both_halves_are_opened_again()
    {
        using var vm = Joined(out var found, byQmp: true);
        var head = vm.Head;
        Poll(vm);
        vm.Qemu.Die();
        vm.Turn(() => vm.Returns == 1);
        Poll(vm);
        Assert.Same(head, vm.Head);
        Assert.Equal((2, 1, 2, 2), (found.Opened, found.Closed, vm.Guest.DmaBufs, vm.Flips.Count));
        vm.Input.Key(30, true);
        Assert.Equal([new QemuKey(0, 30, true)], vm.Sent(1));
        Assert.Equal(0, vm.Qemu.Console.ListenersRegistered);
    }

    [Fact]
    public void A_removed_vGPU_is_the_end_of_this_life()
    {
        using var vm = Joined(out var found);
        found.Remove();
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.Equal(["qemu: is gone: it was removed."], vm.Lost);
        Assert.Equal(LoopSource.Never, vm.Guest.Poll(Clock.Now));
        vm.Turn(() => !vm.Qemu.HasClient);
    }

    /// <summary>GVT-g's images are the memory of a VM that is gone; another driver's stay.</summary>
    [Theory]
    [InlineData(null, true)]
    [InlineData("/sys/devices/pci0000:00/0000:00:02.0", false)]
    public void An_image_in_the_VMs_own_pages_is_taken_off_when_the_VM_ends(string? gpu, bool stays)
    {
        using var vm = Joined(out var found);
        found.Gpu = gpu;
        Poll(vm);
        vm.Qemu.Die();
        vm.Turn(() => found.Closed == 1);
        Assert.Equal(stays ? [true] : [true, false], vm.Flips.Select(flip => flip.Scanout is not null));
    }

    /// <summary>QEMU goes on, and has no listener whose end would lift the keys.</summary>
    [Fact]
    public void What_is_held_when_the_vGPU_goes_is_released()
    {
        using var vm = Joined(out var found);
        vm.Input.Key(29, true);
        vm.Input.Button(0x110, true);
        vm.Sent(2);
        found.Remove();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Input.Key(29, false);
        Assert.Equal([new QemuKey(0, 29, false), new QemuButton(0, 0, false)], vm.Sent(4).Skip(2));
    }

    [Fact]
    public void If_a_restarted_VM_has_no_such_vGPU_its_planes_come_by_QEMU()
    {
        using var vm = Joined(out var found, QemuVm.Small(console => console.IsAbsolute = true), byQmp: true);
        Poll(vm);
        found.Refusal = Why;
        vm.Qemu.Die();
        vm.Turn(() => vm.Returns == 1 && vm.Qemu.Console.Listeners == 1);
        Assert.Equal((false, new(PlanesWay.Qemu, Why)), (vm.Guest.IsPolled, vm.Guest.Planes));
        vm.Turn(() => vm.Flips.Count == 2);
        vm.Input.MoveTo(63, 5);
        Assert.Equal([new QemuPosition(0, 63, 5)], vm.Sent(1));
    }

    [Fact]
    public void Where_it_is_refused_QEMU_gets_a_listener_also_after_a_restart()
    {
        var found = new Found(PlanesWay.Auto) { Refusal = Why };
        using var vm = new QemuVm(byQmp: true, direct: () => found);
        Assert.Equal((false, new(PlanesWay.Qemu, Why)), (vm.Guest.IsPolled, vm.Guest.Planes));
        found.Refusal = null;
        vm.Qemu.Die();
        vm.Turn(() => vm.Returns == 1 && vm.Qemu.Console.Listeners == 1);
        // Its window polls nothing.
        Assert.Equal((false, 0, new(PlanesWay.Qemu, Why)), (vm.Guest.IsPolled, found.Opened, vm.Guest.Planes));
    }

    [Fact]
    public void Where_it_is_demanded_a_refusal_is_an_error_with_the_remedy()
    {
        var found = new Found(PlanesWay.Vfio) { Refusal = Why };
        var e = Assert.Throws<SourceException>(() => new QemuVm(direct: () => found));
        Assert.EndsWith($" cannot be shown: {Why}; --planes auto leaves the planes to QEMU.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto", 0, null)]
    [InlineData("vfio", 0, "the command line of ")]
    [InlineData("auto", 2, "has several devices virtio-vga: give each an id= on its command line")]
    public void Without_exactly_one_device_for_the_console(string way, int devices, string? why)
    {
        var found = new Found(way == "auto" ? PlanesWay.Auto : PlanesWay.Vfio) { Devices = devices };
        if (way == "vfio")
        {
            var e = Assert.Throws<SourceException>(() => new QemuVm(direct: () => found));
            Assert.Contains(why!, e.Message);
            return;
        }
        using var vm = new QemuVm(direct: () => found);
        Assert.Equal(0, found.Opened);
        Assert.Equal(why is null, vm.Guest.Planes is null);
        Assert.EndsWith(why ?? "", vm.Guest.Planes?.Reason ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Two_consoles_come_by_QEMU()
    {
        using var vm = new QemuVm(new QemuSetup { Consoles = [new(), new()] }, start: false, direct: () => new Found(PlanesWay.Auto));
        Assert.Equal(new(PlanesWay.Qemu, "only a console that is shown alone can be asked directly: --console 0"), vm.Guest.Planes);
    }

    [Fact]
    public void By_QEMU_only_nobody_looks()
    {
        var found = new Found(PlanesWay.Qemu);
        using var vm = new QemuVm(direct: () => found);
        Assert.Equal((0, null), (found.Looks, vm.Guest.Planes));
    }

    private static QemuVm Joined(out Found found, QemuSetup? setup = null, bool byQmp = false)
    {
        var finder = new Found(PlanesWay.Auto);
        found = finder;
        var vm = new QemuVm(setup, byQmp: byQmp, start: false, direct: () => finder);
        vm.Guest.Start();
        return vm;
    }

    private static void Poll(QemuVm vm) => vm.Guest.Poll(Clock.Now);

    /// <summary>What is found behind a console: a vGPU with mbochs' manners.</summary>
    private sealed class Found(PlanesWay way) : DirectPlanes("qemu:", new Loop(), way)
    {
        private Action? _removeLast;

        public FakeVgpu Vgpu { get; } = new();

        /// <summary>The only device that can read its images; null if all can.</summary>
        public string? Gpu { get; set; }

        public int Devices { get; init; } = 1;

        /// <summary>Why the device cannot be opened; null if it can.</summary>
        public string? Refusal { get; set; }

        public int Looks { get; private set; }

        public int Opened { get; private set; }

        public int Closed { get; set; }

        public static string Answers => $"the device of {ProcessFds.Name(Environment.ProcessId)} (pid {Environment.ProcessId}) answers";

        public void Remove() => _removeLast!();

        protected override IReadOnlyList<QemuVfioDevice> Find(int pid, ConsoleInfo console)
        {
            Looks++;
            return [.. Enumerable.Repeat(new QemuVfioDevice(null, false), Devices)];
        }

        protected override IGuest OpenDevice(int pid, QemuVfioDevice device, Head head)
        {
            if (Refusal is { } why)
                throw new SourceException(SourceFault.NotPermitted, $"{why}.");
            Opened++;
            var borrowed = new Borrowed(this, head);
            _removeLast = borrowed.End;
            return borrowed;
        }
    }

    /// <summary>The vGPU in one life of the VM.</summary>
    private sealed class Borrowed(Found found, Head head) : IGuest
    {
        private readonly Lazy<VfioPlane> _plane = new(() => new(PlaneKind.Primary, found.Vgpu, mayEvict: false, found.Gpu));
        private bool _isClosed;

        public string Source => "qemu:";

        public IReadOnlyList<Head> Heads => [head];

        public bool IsPolled => true;

        public int DmaBufs => _plane.Value.Gets;

        public event Action<string>? Lost;

        public void End() => Lost?.Invoke("qemu: is gone: it was removed.");

        public void Start(Loop loop) { }

        public long Poll(long now) => _plane.Value.Poll(head, now, out _);

        public void Dispose()
        {
            if (_isClosed)
                return;
            _isClosed = true;
            found.Closed++;
            _plane.Value.Dispose();
        }
    }
}

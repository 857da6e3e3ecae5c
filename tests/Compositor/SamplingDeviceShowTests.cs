using System.Text;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>A vGPU's show on compositors of linux-dmabuf 6, also on rude ones.</summary>
public sealed class SamplingDeviceShowTests
{
    private const uint Scans = HostTranche.Scanout, Samples = HostTranche.Sampling;
    private const ulong NoDevice = GpuStandIn.NoDevice;

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private static readonly HostFormat[] s_formats = [new("XR24"), new("AR24")];

    [Fact]
    public async Task A_vGPU_on_a_machine_with_two_GPUs_names_its_own_in_each_buffer()
    {
        var gpu = GpuStandIn.Find();
        using var show = new ShownGuest(gpu.Gpu, [new(NoDevice, Samples, s_formats), new(gpu.Device, Scans | Samples, s_formats)]);
        foreach (var height in new uint[] { 480, 400, 320 })
            show.Flip(height, "dmabuf");
        await show.End();
        Assert.Equal([(480, gpu.Device), (400, gpu.Device), (320, gpu.Device)], show.Imports);
    }

    [Fact]
    public async Task A_VM_whose_memory_every_GPU_can_read_names_none()
    {
        using var show = new ShownGuest(null, [new(NoDevice, Samples, s_formats), new(NoDevice - 1, Scans | Samples, s_formats)]);
        show.Flip(480, "dmabuf");
        await show.End();
        Assert.Equal([(480, null)], show.Imports);
    }

    /// <summary>A compositor that moves to the other GPU, and back.</summary>
    [Fact]
    public async Task Tranches_that_change_meanwhile_decide_about_the_next_image()
    {
        var gpu = GpuStandIn.Find();
        HostTranche[] with = [new(gpu.Device, Scans | Samples, s_formats), new(NoDevice, Samples, s_formats)];
        using var show = new ShownGuest(gpu.Gpu, with);
        show.Flip(480, "dmabuf");
        show.Change(new HostTranche(NoDevice, Samples, s_formats), new(gpu.Device, Scans, s_formats));
        show.Flip(400, "shm");
        show.Change(with);
        show.Flip(320, "dmabuf");
        await show.End();
        Assert.Equal([(480, gpu.Device), (320, gpu.Device)], show.Imports);
        Assert.Contains("only the GPU", show.Messages);
    }

    /// <summary>The same image: what could not be shown is tried again at its next flip, once the compositor draws with the GPU.</summary>
    [Fact]
    public async Task An_image_that_is_flipped_again_goes_to_a_GPU_that_came_into_the_tranches()
    {
        var gpu = GpuStandIn.Find();
        HostTranche[] without = [new(NoDevice, Samples, s_formats), new(gpu.Device, Scans, s_formats)];
        using var show = new ShownGuest(gpu.Gpu, without, Transport.DmaBuf);
        var (primary, cursor) = (show.Image(480), show.Image(64));
        show.Raise(PlaneKind.Primary, show.Image(320, isAnyGpus: true));
        show.Settle(320);
        show.Raise(PlaneKind.Primary, primary);
        show.Raise(PlaneKind.Cursor, cursor);
        show.Change(new(NoDevice, Samples, s_formats), new(gpu.Device, Samples, s_formats));
        Assert.Equal([(320, null)], show.Imports);
        show.Raise(PlaneKind.Primary, primary);
        show.Raise(PlaneKind.Cursor, cursor);
        show.Await(480, "dmabuf");
        Assert.True(show.Server.WaitUntil(h => ShowTests.Cursor(h)?.Buffer is { Height: 64 }, s_soon), "no cursor");
        await show.End();
        Assert.Equal([(480, gpu.Device), (64, gpu.Device)], show.Imports.Skip(1).OrderByDescending(import => import.Height));
        Assert.Contains("only the GPU", show.Messages);
    }

    /// <summary>No tranche for sampling, or a device that does not exist: what any GPU can read is shown as ever.</summary>
    [Theory]
    [InlineData(NoDevice, Scans)]
    [InlineData(NoDevice, 0u)]
    [InlineData(NoDevice, Samples)]
    [InlineData(0ul, Scans | Samples)]
    public async Task A_rude_compositor_is_shown_what_every_GPU_can_read(ulong device, uint flags)
    {
        using var show = new ShownGuest(null, [new HostTranche(device, flags, s_formats)]);
        show.Flip(480, "dmabuf");
        show.Server.SendEvent("zwp_linux_dmabuf_feedback_v1", "main_device", BitConverter.GetBytes(NoDevice));
        show.Change(new HostTranche(device, flags ^ Samples, s_formats));
        show.Flip(400, "dmabuf");
        await show.End();
        Assert.Equal([(480, null), (400, null)], show.Imports);
    }

    [Theory]
    [InlineData(Scans)]
    [InlineData(0u)]
    public async Task Without_a_tranche_for_sampling_no_GPU_gets_memory_of_its_own(uint flags)
    {
        var gpu = GpuStandIn.Find();
        using var show = new ShownGuest(gpu.Gpu, [new HostTranche(gpu.Device, flags, s_formats)]);
        show.Flip(480, "shm");
        await show.End();
        Assert.Empty(show.Imports);
        Assert.Contains("and the compositor does not say that it draws with it", show.Messages);
    }

    /// <summary>A running show of a guest whose memory is a memfd; to the program it belongs to a GPU.</summary>
    private sealed class ShownGuest : IDisposable
    {
        private readonly string? _gpu;
        private readonly Loop _loop = new();
        private readonly Guest _guest = new();
        private readonly GuestSlot _slot;
        private readonly Show _show;
        private readonly Task<ExitCode> _run;
        private readonly List<Scanout> _images = [];
        private readonly MemoryStream _said = new();

        public ShownGuest(string? gpu, HostTranche[] tranches, Transport? forced = null)
        {
            _gpu = gpu;
            Server = new(new HostSetup(Repository.Protocols) { Tranches = tranches }.With("zwp_linux_dmabuf_v1", 6));
            Server.Faults.FailImport = import =>
            {
                lock (Imports)
                    Imports.Add((import.Height, import.SamplingDevice));
                return false;
            };
            var messages = new Messages(new StreamWriter(_said) { AutoFlush = true });
            _slot = new GuestSlot(_loop, messages, _ => _guest);
            _slot.Open();
            var options = new ShowOptions { Source = _guest.Source, Transport = forced, Cursor = CursorMode.Subsurface };
            _show = new(_loop, new Seats(Host.Connect(_loop, Server.SocketPath), _loop), _slot, options, messages);
            _run = Task.Run(_show.Run, TestContext.Current.CancellationToken);
        }

        public FakeHost Server { get; }

        /// <summary>The height of each imported image, and the device that it names.</summary>
        public List<(int Height, ulong? Device)> Imports { get; } = [];

        public string Messages => Encoding.UTF8.GetString(_said.ToArray());

        /// <summary>Shows a new image, and waits until the compositor has it by that transport.</summary>
        public void Flip(uint height, string transport)
        {
            Raise(PlaneKind.Primary, Image(height));
            Await(height, transport);
        }

        /// <summary>An image that lives as long as the show.</summary>
        public Scanout Image(uint height, bool isAnyGpus = false)
        {
            var layout = new PlaneLayout(640, height, Fourcc.Xrgb8888, Modifier.Linear, [new(0, 2560, 0)]);
            _images.Add(Scanout.Create([Memfd.Create("image", 2560 * height)], layout, out _, gpu: isAnyGpus ? null : _gpu)!);
            return _images[^1];
        }

        /// <summary>Flips a plane, and returns when the program has taken that.</summary>
        public void Raise(PlaneKind plane, Scanout image)
        {
            using var isDone = new ManualResetEventSlim();
            _loop.Post(() =>
            {
                _guest.Heads[0].Raise(new Flip(plane, image, default, default, Changed: true, Clock.Now));
                isDone.Set();
            });
            Assert.True(isDone.Wait(s_soon, TestContext.Current.CancellationToken), "the program's loop stands still");
        }

        /// <summary>Returns when the image is on screen, and the program knows that: it decides about the next one at once.</summary>
        public void Settle(int height)
        {
            Assert.True(Server.WaitUntil(h => ShowTests.Primary(h)?.Latched?.Height == height, s_soon), Messages);
            AwaitPong();
        }

        public void Await(uint height, string transport) => Assert.True(
            Server.WaitUntil(h => ShowTests.Primary(h)?.Buffer is { } shown && (shown.Height, shown.Kind) == (height, transport), s_soon),
            $"{ShowTests.Primary(Server)?.Buffer} in place of {height} rows by {transport}: {Messages}");

        /// <summary>Returns when the program knows the new tranches: a pong answers all that came before its ping.</summary>
        public void Change(params HostTranche[] tranches)
        {
            Server.ResendTranches(tranches);
            AwaitPong();
        }

        private void AwaitPong()
        {
            Server.Ping();
            Assert.True(Server.WaitUntil(h => h.PingsAnswered(), s_soon), "the program does not answer");
        }

        public async Task End()
        {
            _loop.Stop();
            Assert.Equal(ExitCode.Ok, await _run);
            Assert.Empty(Server.Violations);
        }

        public void Dispose()
        {
            _loop.Stop();
            ((IAsyncResult)_run).AsyncWaitHandle.WaitOne();
            _show.Dispose();
            _slot.Dispose();
            _images.ForEach(image => image.Dispose());
            Server.Dispose();
            _loop.Dispose();
        }

        private sealed class Guest : IGuest
        {
            public string Source => "gpu";

            public IReadOnlyList<Head> Heads { get; } = [new("0")];

            public bool IsPolled => false;

            public int DmaBufs => 0;

            public event Action<string>? Lost { add { } remove { } }

            public void Start(Loop loop) { }

            public long Poll(long now) => LoopSource.Never;

            public void Dispose() { }
        }
    }
}

using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Compositor;

/// <summary>Presentation feedback of images that are known to be seen takes the place of frame callbacks.</summary>
public sealed class FrameCallbackTests : IDisposable
{
    private const int Flips = 12;
    private static readonly Messages s_quiet = new(StreamWriter.Null);
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20), s_starved = TimeSpan.FromMilliseconds(150);

    private readonly FakeHost _server = new(new HostSetup(Repository.Protocols));
    private readonly Loop _loop = new();
    private readonly SteppedGuest _guest = new();
    private readonly GuestSlot _slot;
    private Host? _host;
    private Show? _show;
    private Task<ExitCode>? _run;

    public FrameCallbackTests()
    {
        _slot = new GuestSlot(_loop, s_quiet, _ => _guest);
        _slot.Open();
    }

    private int Callbacks => _server.Transcript.Matching($"wl_surface#{Primary.Id}.frame(").Count;

    private int Presented => _server.Transcript.Matching(".presented(").Count;

    private HostSurfaceInfo Primary => ShowTests.Primary(_server)!;

    [Fact]
    public async Task Only_the_first_image_gets_one_while_each_is_presented_before_the_next()
    {
        Start();
        for (var n = 1; n <= Flips; n++)
            Step(n);
        Assert.Equal(1, Callbacks);
        await End();
    }

    /// <summary>When an image is on its way to the screen, the one before is presented. Only the first two are not known to be.</summary>
    [Fact]
    public async Task It_does_not_matter_that_an_image_is_presented_a_refresh_later()
    {
        _server.Setup.ManualVblank = true;
        _server.Faults.PresentsLater = true;
        Start();
        for (var n = 1; n <= Flips; n++)
        {
            Flip();
            Wait(h => ShowTests.Primary(h)?.Commits == n, $"flip {n} is not committed");
            _server.Vblank();
            Synchronise();
        }
        Assert.Equal(2, Callbacks);
        await End();
    }

    [Fact]
    public async Task The_commit_after_which_a_flip_may_have_to_wait_gets_one()
    {
        Shown();
        _server.Faults.NeverFrame = true;
        Commit();
        Assert.Equal(1, Callbacks);
        var begun = Clock.Now;
        Commit();
        Assert.Equal(2, Callbacks);
        Flip();
        Synchronise();
        var commits = Primary.Commits;
        // It waits for a second at most.
        if (Clock.Now - begun < 1_000_000_000)
            Assert.Equal(3, commits);
        _server.Faults.NeverFrame = false;
        Wait(h => ShowTests.Primary(h)!.Commits == 4, "the flip that waited is not shown");
        await End();
    }

    /// <summary>weston presents an image 10 ms before it takes the next.</summary>
    [Fact]
    public async Task A_flip_after_an_image_is_presented_does_not_wait_until_the_next_one_is_taken()
    {
        Shown();
        _server.Setup.ManualVblank = true;
        _server.Faults.PresentsLater = true;
        Commit();
        _server.Vblank();
        Commit();
        Flip();
        Synchronise();
        Assert.Equal(3, Primary.Commits);
        _server.PresentTaken();
        Wait(h => ShowTests.Primary(h)!.Commits == 4, "the flip waits for the frame callback");
        Flip();
        Synchronise();
        Assert.Equal(4, Primary.Commits);
        _server.Vblank();
        Wait(h => ShowTests.Primary(h)!.Commits == 5, "the flip that waited is not shown");
        await End();
    }

    [Fact]
    public async Task An_image_that_is_discarded_is_repeated_at_once_and_that_gets_one()
    {
        Shown();
        _server.Faults.DiscardEvery = 2;
        Step(2);
        Step(3);
        Assert.Equal((2, 4), (Callbacks, Primary.Commits));
        await End();
    }

    [Fact]
    public async Task A_flip_does_not_wait_for_the_repeat_of_one_that_was_discarded()
    {
        Shown();
        _server.Setup.ManualVblank = true;
        _server.Faults.DiscardEvery = 1;
        Commit();
        _server.Vblank();
        Wait(h => ShowTests.Primary(h)!.Commits == 3, "it is not repeated");
        Flip();
        Synchronise();
        Assert.Equal(4, Primary.Commits);
        await End();
    }

    /// <summary>wlroots does not refresh for damage that nobody sees, unless a frame callback waits for it.</summary>
    [Fact]
    public async Task A_commit_of_a_part_of_the_image_gets_one()
    {
        _guest.HasOneImage = true;
        Shown();
        _guest.Damage = new(0, 0, 8, 8);
        Step(2);
        Assert.Equal(2, Callbacks);
        await End();
    }

    /// <summary>The callback may come a refresh before the presentation, and a guest that waits for it draws again at once.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Each_commit_gets_one_if_none_may_be_replaced_or_the_guest_waits_for_it(bool isSmooth, bool waits)
    {
        _guest.HasTickets = waits;
        Shown(new() { Source = "stepped", Latency = isSmooth ? Latency.Smooth : Latency.Low });
        Step(2);
        Step(3);
        Assert.Equal(3, Callbacks);
        await End();
    }

    [Fact]
    public async Task An_image_that_is_sent_in_another_way_has_to_prove_itself_by_one()
    {
        Shown();
        _guest.Format = Fourcc.Xbgr8888;
        Step(2);
        Assert.Equal(2, Callbacks);
        Step(3);
        Assert.Equal(2, Callbacks);
        await End();
    }

    /// <summary>The window would seem hidden for ever, and its guest would wait after each image.</summary>
    [Fact]
    public async Task One_that_never_comes_is_requested_again_when_later_images_are_on_screen()
    {
        _guest.HasTickets = true;
        Shown();
        _server.Faults.LosesCallbacks = true;
        Step(2);
        Assert.Equal(2, Callbacks);
        _server.Faults.LosesCallbacks = false;
        var end = Clock.Now + (long)s_soon.TotalNanoseconds;
        for (var n = 3; Callbacks == 2 && Clock.Now < end; n++)
            Step(n);
        Assert.Equal(3, Callbacks);
        await End();
    }

    /// <summary>The feedback of one image may be lost. The cursor of a hidden window is in its place when that is seen again.</summary>
    [Theory]
    [InlineData(1, 25)]
    [InlineData(2, 5)]
    public async Task A_window_is_hidden_if_two_images_have_no_answer(int images, int cursor)
    {
        Shown();
        Do(() => _guest.MoveCursor(5));
        Wait(h => Cursor(h) is { Position.X: 5 }, "no cursor");
        _server.Faults.NeverFrame = true;
        for (var n = 0; n < images; n++)
            Commit();
        _server.WaitUntil(_ => false, s_starved);
        Do(() => _guest.MoveCursor(25));
        Synchronise();
        Assert.Equal(cursor, Cursor(_server)!.Position.X);
        _server.Faults.NeverFrame = false;
        Wait(h => Cursor(h) is { Position.X: 25 }, "the cursor did not catch up");
        await End();
    }

    public void Dispose()
    {
        _show?.Dispose();
        _slot.Dispose();
        _loop.Dispose();
        _server.Dispose();
    }

    private static HostSurfaceInfo? Cursor(FakeHost host) =>
        host.Surfaces.FirstOrDefault(surface => surface is { Role: "wl_subsurface", Buffer: { Width: 16 } });

    private void Start(ShowOptions? options = null)
    {
        _host = Host.Connect(_loop, _server.SocketPath);
        _show = new Show(_loop, new Seats(_host, _loop), _slot, options ?? new() { Source = "stepped" }, s_quiet);
        _run = Task.Run(_show.Run, TestContext.Current.CancellationToken);
    }

    /// <summary>The first image is presented.</summary>
    private void Shown(ShowOptions? options = null)
    {
        Start(options);
        Step(1);
        Assert.Equal(1, Callbacks);
    }

    /// <summary>Flips, and waits until that is presented, as the n-th image.</summary>
    private void Step(int n)
    {
        Flip();
        Wait(_ => Presented == n, $"flip {n} is not presented");
        Synchronise();
    }

    /// <summary>Flips, and waits until that is committed.</summary>
    private void Commit()
    {
        var commits = Primary.Commits;
        Flip();
        Wait(h => ShowTests.Primary(h)!.Commits > commits, "the flip is not committed");
    }

    private void Flip() => Do(_guest.Flip);

    /// <summary>The compositor has handled every request so far, and its answers are in the socket.</summary>
    private void Synchronise()
    {
        var syncs = _server.Transcript.Matching(".sync(").Count;
        Do(() => _host!.Globals.Shm.Display.Sync());
        Wait(h => h.Transcript.Matching(".sync(").Count > syncs, "the program hangs");
    }

    private void Do(Action action) => Assert.True(_loop.Do(action, s_soon), "the program hangs");

    private void Wait(Func<FakeHost, bool> condition, string problem) => Assert.True(_server.WaitUntil(condition, s_soon), problem);

    private async Task End()
    {
        _loop.Post(_loop.Stop);
        Assert.Equal(ExitCode.Ok, await _run!);
        Assert.Empty(_server.Violations);
    }

    /// <summary>Flips between two images when it is told to.</summary>
    private sealed class SteppedGuest : IGuest
    {
        private readonly List<Scanout> _images = [];
        private readonly Head _head = new("0");
        private long _flips, _tickets;

        public Fourcc Format { get; set; } = Fourcc.Xrgb8888;

        public bool HasTickets { get; set; }

        public bool HasOneImage { get; set; }

        public Rectangle Damage { get; set; }

        public string Source => "stepped";

        public IReadOnlyList<Head> Heads => [_head];

        public bool IsPolled => false;

        public int DmaBufs => _images.Count;

        public event Action<string>? Lost
        {
            add { }
            remove { }
        }

        public void Start(Loop loop) { }

        public long Poll(long now) => LoopSource.Never;

        public void Dispose() => _images.ForEach(image => image.Dispose());

        public void Flip()
        {
            var images = _images.Where(one => one.Layout.Format == Format && one.Layout.Width == 64);
            var image = images.ElementAtOrDefault(HasOneImage ? 0 : (int)(_flips++ % 2));
            _head.Raise(new(PlaneKind.Primary, image ?? Make(64, Format), default, default, Changed: true, Clock.Now)
            {
                Ticket = HasTickets ? ++_tickets : 0,
                Damage = Damage,
            });
        }

        public void MoveCursor(int x)
        {
            var image = _images.Find(one => one.Layout.Width == 16) ?? Make(16, Fourcc.Argb8888);
            _head.Raise(new(PlaneKind.Cursor, image, new(x, 5), default, Changed: false, Clock.Now));
        }

        private Scanout Make(int size, Fourcc format)
        {
            var layout = new PlaneLayout((uint)size, (uint)size, format, Modifier.Linear, [new(0, (uint)size * 4, 0)]);
            var image = Scanout.Create([Memfd.Create("stepped", size * size * 4)], layout, out var problem);
            _images.Add(image ?? throw new InvalidOperationException(problem));
            return image;
        }
    }
}

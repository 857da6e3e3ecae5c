using BenchmarkDotNet.Attributes;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Micro;

/// <summary>A flip by <see cref="PlaneSurface"/>, to the socket and back: its frame callback and its presentation feedback.</summary>
[MemoryDiagnoser]
public class CommitPath : IDisposable
{
    private readonly Loop _loop = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-micro-");
    private ScriptedHost? _script;
    private Host? _host;
    private PlaneFrames? _frames;
    private PlaneSurface? _plane;
    private WlSurface? _surface;
    private Scanout[] _scanouts = [];
    private int _flips;

    [GlobalSetup]
    public void Connect()
    {
        var path = Path.Combine(_folder.FullName, "wayland");
        _script = new ScriptedHost(path);
        // A client connects without waiting to be accepted, and then turns this loop until it is answered.
        _loop.Add(new Turns(_script));
        _host = Host.Connect(_loop, path);
        _surface = _host.Globals.Compositor.CreateSurface();
        _frames = new PlaneFrames(_loop, _host, _surface, Vblanks.Of(_host), PlaneObserver.None);
        _plane = new PlaneSurface(_host, _surface, new PlaneTransports(_host, Transport.Shm, opaque: true), PlaneObserver.None, _frames)
        {
            Color = new SurfaceColor(_host, _surface, null),
        };
        _scanouts = [Black(), Black()];
    }

    [Benchmark(Description = "flip: commit, flush, frame done, presented")]
    public long Flip()
    {
        _plane!.Flip(new Flip(PlaneKind.Primary, _scanouts[_flips++ % 2], default, default, Changed: true, Clock.Now));
        // Sends; the host answers; reads.
        _loop.Turn(0);
        _loop.Turn(0);
        return _plane.Stats.Committed;
    }

    [Benchmark(Description = "the loop's two turns alone, with nothing to do")]
    public void Turns2()
    {
        _loop.Turn(0);
        _loop.Turn(0);
    }

    /// <summary>What it was all about: every flip was committed and shown.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        if (_plane is not null && (_plane.Stats.Coalesced > 0 || _plane.Stats.Committed != _plane.Stats.Flips))
            throw new InvalidOperationException($"{_plane.Stats.Coalesced} of {_plane.Stats.Flips} flips were not committed");
        _plane?.Dispose();
        _surface?.Dispose();
        _host?.Dispose();
        _script?.Dispose();
        foreach (var scanout in _scanouts)
            scanout.Dispose();
        _scanouts = [];
        _loop.Dispose();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private static Scanout Black()
    {
        const int Width = 640, Height = 480, Stride = Width * 4;
        return Scanout.Create([Memfd.Create("micro", Stride * Height)],
            new(Width, Height, Fourcc.Xrgb8888, Modifier.Linear, [new(0, Stride, 0)]), out _)!;
    }

    /// <summary>The host's turn: it answers what the client has flushed, and the next turn reads that.</summary>
    private sealed class Turns(ScriptedHost host) : LoopSource
    {
        private bool _isAccepted;

        protected internal override int PollFd => host.Descriptor;

        protected internal override PollEvents Prepare()
        {
            if (!_isAccepted)
                host.Accept();
            _isAccepted = true;
            return PollEvents.In;
        }

        protected internal override void Check(PollEvents ready, long now) => host.Play();
    }
}

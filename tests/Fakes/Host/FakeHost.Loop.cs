using System.Net.Sockets;

namespace Guestplane.Tests.Fakes;

/// <summary>The fake's thread. One lock protects everything except poll().</summary>
public sealed partial class FakeHost
{
    private readonly object _gate = new();
    private readonly List<HostClient> _clients = [];
    private Socket _listener = null!;
    private HostFd _wake = null!;
    private Thread _thread = null!;
    private Exception? _crash;
    private bool _isStopping;
    private bool _ownsRuntimeDir;
    private int _connections;
    private long _nextVblank;
    private ulong _sequence;

    private long Period => 1_000_000_000_000 / Setup.RefreshMilliHz;

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isStopping)
                return;
            _isStopping = true;
        }
        Wake();
        _thread.Join();
        foreach (var client in _clients.ToList())
            client.Close();
        _listener.Dispose();
        _wake.Dispose();
        DmabufFormats.Dispose();
        if (_ownsRuntimeDir)
            Directory.Delete(RuntimeDir, recursive: true);
        CheckEnd();
    }

    internal void Left(HostClient client) => _clients.Remove(client);

    private void Listen()
    {
        _ownsRuntimeDir = Setup.RuntimeDir is null;
        RuntimeDir = Setup.RuntimeDir ?? Directory.CreateTempSubdirectory("guestplane-host-").FullName;
        _wake = new HostFd(Libc.Eventfd(0, Libc.EFD_CLOEXEC_NONBLOCK), Fds);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _nextVblank = HostClock.Now + Period;
        _thread = new Thread(Run) { IsBackground = true, Name = "fake host" };
        _thread.Start();
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
        {
            ThrowIfCrashed();
            return read();
        }
    }

    private void Act(Action act)
    {
        lock (_gate)
        {
            ThrowIfCrashed();
            ObjectDisposedException.ThrowIf(_isStopping, this);
            Accept();
            foreach (var client in _clients.ToList())
                client.Read();
            act();
            Finish();
        }
        // The thread may have to poll for a writable socket now.
        Wake();
    }

    private void Run()
    {
        try
        {
            while (Serve())
            {
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            lock (_gate)
            {
                _crash = e;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private bool Serve()
    {
        Libc.PollFd[] watched;
        int timeout;
        lock (_gate)
        {
            watched = Watched();
            timeout = Timeout();
        }
        _ = Libc.Poll(watched, (nuint)watched.Length, timeout);
        lock (_gate)
        {
            if (_isStopping)
                return false;
            var count = 0ul;
            _ = Libc.ReadCounter(_wake.Handle, ref count, sizeof(ulong));
            Accept();
            foreach (var client in _clients.ToList())
                client.Read();
            Tick();
            Finish();
            return true;
        }
    }

    private void Finish()
    {
        foreach (var client in _clients.ToList())
            client.Flush();
        Monitor.PulseAll(_gate);
    }

    private Libc.PollFd[] Watched()
    {
        var wake = new Libc.PollFd { Fd = (int)_wake.Handle.DangerousGetHandle(), Events = Libc.POLLIN };
        var listener = new Libc.PollFd { Fd = (int)_listener.Handle, Events = Libc.POLLIN };
        return [wake, listener, .. _clients.Select(Watch)];
    }

    // A stalled client is not watched at all, because poll() always reports its hang-up.
    private Libc.PollFd Watch(HostClient client) => new()
    {
        Fd = Faults.Stall ? -1 : client.Descriptor,
        Events = (short)(Libc.POLLIN | (client.WantsToWrite ? Libc.POLLOUT : 0)),
    };

    private int Timeout()
    {
        if (Setup.ManualVblank || _clients.Count == 0)
            return -1;
        return (int)Math.Clamp((_nextVblank - HostClock.Now + 999_999) / 1_000_000, 0, int.MaxValue);
    }

    private void Accept()
    {
        while (_listener.Poll(0, SelectMode.SelectRead))
            _clients.Add(new HostClient(this, _listener.Accept(), ++_connections));
    }

    private void Tick()
    {
        var late = HostClock.Now - _nextVblank;
        if (Setup.ManualVblank || late < 0)
            return;
        // The time of the refresh, not of this thread; refreshes that the thread slept through count too.
        var passed = late / Period;
        var time = _nextVblank + (passed * Period);
        _nextVblank = time + Period;
        Refresh(time, (ulong)passed + 1);
    }

    private void Refresh(long time, ulong passed)
    {
        _sequence += passed;
        var vblank = new HostVblank(time, (uint)Period, _sequence);
        foreach (var surface in All<HostSurface>().ToList())
            surface.Latch(vblank);
        foreach (var buffer in All<HostWlBuffer>().ToList())
            buffer.SendOwedRelease();
    }

    private void Wake()
    {
        var one = 1ul;
        _ = Libc.WriteCounter(_wake.Handle, ref one, sizeof(ulong));
    }

    private void ThrowIfCrashed()
    {
        if (_crash is not null)
            throw new InvalidOperationException("the fake host has a bug", _crash);
    }

    private void CheckEnd()
    {
        ThrowIfCrashed();
        if (Fds.Open != 0)
            throw new InvalidOperationException($"the fake host leaks {Fds.Open} file descriptors");
    }
}

using System.Net.Sockets;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The fake's thread. One lock protects everything except poll().</summary>
public sealed partial class FakeQemu
{
    private readonly object _gate = new();
    private readonly List<IQemuSource> _sources = [];
    private string _folder = "";
    private HostFd _wake = null!;
    private Thread _thread = null!;
    private Exception? _crash;
    private bool _isStopping;

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
        // Not foreach: ending one block may begin another that the main loop waited for.
        for (var i = 0; i < _sources.Count; i++)
            _sources[i].Dispose();
        foreach (var console in _consoles)
            console.Dispose();
        _wake.Dispose();
        Directory.Delete(_folder, recursive: true);
        ThrowIfCrashed();
        if (Fds.Open != 0)
            throw new InvalidOperationException($"the fake QEMU leaks {Fds.Open} file descriptors");
    }

    internal T Locked<T>(Func<T> read)
    {
        lock (_gate)
        {
            ThrowIfCrashed();
            return read();
        }
    }

    /// <summary>Runs on QEMU's main loop: now, or when a client unblocks it.</summary>
    internal void Act(Action act)
    {
        lock (_gate)
        {
            ThrowIfCrashed();
            ObjectDisposedException.ThrowIf(_isStopping, this);
            ReadAll();
            MainLoop.Post(act);
            Finish();
        }
        // The thread may have to poll for a writable socket, or for a new timer.
        Wake();
    }

    internal void Watch(IQemuSource source) => _sources.Add(source);

    private void Start()
    {
        _folder = Directory.CreateTempSubdirectory("guestplane-qemu-").FullName;
        _wake = new HostFd(Libc.Eventfd(0, Libc.EFD_CLOEXEC_NONBLOCK), Fds);
        Watch(new QemuAcceptor(SocketPath, Adopt));
        _thread = new Thread(Run) { IsBackground = true, Name = "fake qemu" };
        _thread.Start();
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
            _sources.RemoveAll(source => source.IsClosed);
            watched = Watched();
            timeout = Timers.Timeout();
        }
        _ = Libc.Poll(watched, (nuint)watched.Length, timeout);
        lock (_gate)
        {
            if (_isStopping)
                return false;
            var count = 0ul;
            _ = Libc.ReadCounter(_wake.Handle, ref count, sizeof(ulong));
            ReadAll();
            Timers.Tick();
            Finish();
            return true;
        }
    }

    private void ReadAll()
    {
        foreach (var source in _sources.ToList())
            source.Read();
    }

    private void Finish()
    {
        foreach (var source in _sources.ToList())
            source.Flush();
        Monitor.PulseAll(_gate);
    }

    private Libc.PollFd[] Watched()
    {
        var wake = new Libc.PollFd { Fd = (int)_wake.Handle.DangerousGetHandle(), Events = Libc.POLLIN };
        return [wake, .. _sources.Select(source => new Libc.PollFd
        {
            Fd = source.Descriptor,
            Events = (short)(Libc.POLLIN | (source.WantsToWrite ? Libc.POLLOUT : 0)),
        })];
    }

    private void Wake()
    {
        var one = 1ul;
        _ = Libc.WriteCounter(_wake.Handle, ref one, sizeof(ulong));
    }

    private void ThrowIfCrashed()
    {
        if (_crash is not null)
            throw new InvalidOperationException("the fake QEMU has a bug", _crash);
    }
}

using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>One client that sees the flips of a head, by a connection of its own (RegisterListener).</summary>
internal sealed class ShareListener : IDisposable
{
    private const long ReadyWithinNs = 2_000_000_000, SlowAfterNs = 1_000_000_000;

    /// <summary>A client that polls does so at each refresh, or ten times a second if its window is hidden.</summary>
    private const long PollsForNs = 1_000_000_000;

    /// <summary>Of ours there are eight at most: the others are answers to what the client asks and does not read.</summary>
    private const int MostQueued = 64;

    private readonly Loop _loop;
    private readonly Bus _bus;
    private readonly SharedHead _head;
    private readonly ListenerCalls _calls;
    private readonly PlaneSenders _planes;
    private readonly Func<long, long>? _poll;
    private readonly LoopPatience _patience;
    // Set while the client polls.
    private readonly LoopTimer _polls;
    private bool _isReady, _isOver;

    /// <param name="socket">The descriptor that the client passed, owned.</param>
    /// <param name="poll">Polls the guest for the client; returns when to do so again. Null if it reports flips.</param>
    /// <exception cref="BusException">The client has gone already, or has sent what cannot be read.</exception>
    public ShareListener(Loop loop, Fd socket, SharedHead head, PeerCredentials client, Func<long, long>? poll)
    {
        (_loop, _head, _poll, Client) = (loop, head, poll, client);
        var planes = new BusObject(PlanesInterface.ServerPath, new BusInterface(PlanesInterface.Server,
            [new("PollFlips", "", PlanesInterface.PollTypes, Poll)]));
        _bus = Bus.Server(socket, bus => bus.Serve(planes.Path, message => Handle(planes, message)));
        _bus.MostQueued = MostQueued;
        _bus.Closed += why => End(ShareConnection.Reason(_bus, why));
        _calls = new(_bus, head.Pixels);
        _planes = new(head, _calls, answered => _bus.Answer(answer => OnAnswer(answer, answered)));
        _planes.Failed += why => Said?.Invoke(why);
        loop.Add(_bus);
        loop.Add(_patience = new LoopPatience(OnSilence));
        loop.Add(_polls = new LoopTimer(OnPollsEnded));
        _patience.Start(ReadyWithinNs);
        head.Head.Flipped += OnFlip;
        _calls.GetInterfaces(OnInterfaces);
    }

    /// <summary>Who registered it.</summary>
    public PeerCredentials Client { get; }

    /// <inheritdoc cref="Bus.Strays"/>
    public int Strays => _bus.Strays;

    /// <summary>The number of its console.</summary>
    public int Console => _head.Number;

    /// <inheritdoc cref="PlaneSenders.Way"/>
    public ListenerWays Way => _planes.Way;

    /// <summary>True while it has not answered for a second.</summary>
    public bool IsSlow { get; private set; }

    /// <summary>True if it sees new images only if the server polls the guest for it.</summary>
    public bool NeedsPolls => !IsSlow && !_polls.IsSet;

    /// <summary>The client has not polled for a second.</summary>
    public event Action? PollsEnded;

    /// <summary>The connection has ended: null if the client closed it, else a clause that says why we did.</summary>
    public event Action<string?>? Ended;

    /// <summary>A clause about the client that the user may want to know.</summary>
    public event Action<string>? Said;

    /// <summary>Ends it without a reason of its own.</summary>
    public void Close() => End(null);

    public void Dispose()
    {
        if (_isOver)
            return;
        _isOver = true;
        _head.Head.Flipped -= OnFlip;
        if (_isReady && !IsSlow)
            _head.Answering--;
        _loop.Remove(_bus);
        _loop.Remove(_patience);
        _loop.Remove(_polls);
        _bus.Dispose();
        _calls.Dispose();
        _planes.Release();
    }

    private bool OnInterfaces(BusMessage answer)
    {
        if (_isOver || answer.IsNoAnswer)
            return true;
        try
        {
            var ways = ListenerWays.DmaBuf | ListenerWays.Bytes;
            if (!answer.IsError)
                ReadProperties(answer, ref ways);
            // A client that takes no descriptors gets the bytes.
            _planes.Ways = _bus.CanSendFds ? ways : ways & ListenerWays.Bytes;
        }
        catch (BusException e)
        {
            End($"its properties cannot be read ({e.Message})");
            return true;
        }
        _isReady = true;
        _head.Answering++;
        _patience.Cancel();
        _head.Head.Replay(OnFlip, Clock.Now);
        return true;
    }

    private static void ReadProperties(BusMessage answer, ref ListenerWays ways)
    {
        var entries = 0;
        answer.Enter('a', "{sv}"u8);
        while (answer.EnterEntry("sv"u8, ref entries))
        {
            if (answer.ReadString() == "Interfaces" && answer.PeekVariant() == 'a')
                ReadInterfaces(answer, ref ways);
            else
                answer.SkipVariant();
            answer.Exit();
        }
        answer.Exit();
    }

    private static void ReadInterfaces(BusMessage answer, ref ListenerWays ways)
    {
        var names = 0;
        answer.Enter('v', "as"u8);
        answer.Enter('a', "s"u8);
        while (answer.TryReadString(ref names) is { } name)
            ways |= name switch
            {
                PlanesInterface.Listener => ListenerWays.Planes,
                $"{ListenerCalls.Interface}.Unix.ScanoutDMABUF2" => ListenerWays.DmaBuf2,
                $"{ListenerCalls.Interface}.Unix.Map" => ListenerWays.Map,
                _ => ListenerWays.None,
            };
        answer.Exit();
        answer.Exit();
    }

    private void OnFlip(Flip flip)
    {
        if (_isOver || !_isReady)
            return;
        try
        {
            _planes.Take(flip);
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            EndBy(e);
        }
        if (!IsSlow && !_patience.IsSet)
            AwaitAnswer();
    }

    private bool OnAnswer(BusMessage answer, BusHandler answered)
    {
        if (_isOver)
            return true;
        try
        {
            answered(answer);
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            EndBy(e);
        }
        AwaitAnswer();
        return true;
    }

    private bool Handle(BusObject one, BusMessage message)
    {
        if (_isOver)
            return true;
        try
        {
            return one.Handle(message);
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            EndBy(e);
            return true;
        }
    }

    private bool Poll(BusMessage message)
    {
        var reply = message.Defer();
        var again = _poll is null ? 0 : PollGuest(_poll);
        if (_isOver)
        {
            reply.Drop();
            return true;
        }
        var answer = reply.Begin();
        try
        {
            answer.Add((ulong)again).Open('a', PlanesInterface.Flips);
            _planes.AddNewest(answer);
            answer.Close();
        }
        catch
        {
            answer.Dispose();
            throw;
        }
        answer.Send();
        if (!IsSlow && !_patience.IsSet)
            AwaitAnswer();
        return true;
    }

    private long PollGuest(Func<long, long> poll)
    {
        var now = Clock.Now;
        _polls.Set(now + PollsForNs);
        _planes.BeginPolls();
        return poll(now);
    }

    /// <summary>The client was heard, or something was sent to it.</summary>
    private void AwaitAnswer()
    {
        if (_isOver)
            return;
        if (IsSlow)
            _head.Answering++;
        IsSlow = false;
        if (_planes.IsWaiting)
            _patience.Start(SlowAfterNs);
        else
            _patience.Cancel();
    }

    private void OnSilence()
    {
        if (!_isReady)
        {
            End("its program did not authenticate it, or did not answer for its properties, within 2 s");
            return;
        }
        // The guest does not wait for a client that does not answer.
        IsSlow = true;
        _head.Answering--;
        Said?.Invoke("has not answered for a second; it gets the newest image when it does, and the others do not wait for it");
    }

    private void OnPollsEnded(long now)
    {
        try
        {
            _planes.EndPolls();
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            EndBy(e);
            return;
        }
        if (!IsSlow && !_patience.IsSet)
            AwaitAnswer();
        PollsEnded?.Invoke();
    }

    private void EndBy(Exception e) => End(e is BusException { IsPeerGone: true } ? null : e.Message);

    private void End(string? why)
    {
        if (_isOver)
            return;
        Dispose();
        Ended?.Invoke(why);
    }
}

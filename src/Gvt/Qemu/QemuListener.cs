using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Turns QEMU's calls to a console's listener (org.qemu.Display1.Listener) into flips of its head. QEMU is untrusted:
/// <see cref="DisplayReader"/> checks each message completely, and a bad one only causes a warning.
/// </summary>
internal sealed class QemuListener : IDisposable
{
    public const string Path = "/org/qemu/Display1/Listener";

    /// <summary>An image of a new console size comes within this time after the property has changed, or not at all.</summary>
    private const long SizeSettlesNs = 50_000_000;

    /// <summary>The size property and the images come by two sockets, at most this far apart.</summary>
    private const long SizeIsNewsNs = 1_000_000_000;

    /// <summary>QEMU reads "Interfaces", and then calls those instead of the base interface.</summary>
    private static readonly BusObject s_object = Offering(), s_withPlanes = Offering(PlanesInterface.Listener);

    /// <summary>Disable also comes for a replaced framebuffer (dbus_release_dmabuf); off only if nothing follows.</summary>
    private const long OffAfterNs = 150_000_000;

    /// <summary>QEMU sends an update after a new scanout, but maybe not when it replays one to a new listener.</summary>
    private const long UpdateWithinNs = 50_000_000;

    private readonly Loop _loop;
    private readonly Bus _bus;
    private readonly Head _head;
    private readonly Throttle _throttle;
    private readonly QemuImages _images;
    private readonly DisplayReader _reader;
    private readonly SharePoll? _poll;
    private readonly PlaneReader _planes;
    private readonly LoopTimer _off, _update, _resize;
    private Flip _flip = new(PlaneKind.Primary, null, default, default, true, 0);
    private bool _isRaised = true;
    private long _sizeTold;

    /// <param name="socket">Our end of the connection, owned. QEMU receives the other end with RegisterListener.</param>
    // Parameters: those of the console, and what its properties say.
    public QemuListener(Loop loop, Fd socket, Head head, QemuImages images, Throttle throttle, ConsoleInfo info)
    {
        (_loop, _head, _images, _throttle, _reader) = (loop, head, images, throttle, new(images));
        _planes = new(images.Planes, head.Name);
        _planes.Refused += head.Refuse;
        loop.Add(_off = new LoopTimer(SwitchOff));
        loop.Add(_update = new LoopTimer(_ => Raise(default, 0)));
        loop.Add(_resize = new LoopTimer(_ => Resize(Size.Width, Size.Height)));
        // The object is served before the connection starts, and the connection starts before QEMU knows of it: QEMU blocks its
        // main loop while it authenticates us and queries our interfaces.
        var served = info.HasPlanes ? s_withPlanes : s_object;
        _bus = Bus.Peer(socket, bus => bus.Serve(Path, message => Handle(served, message)));
        _poll = info is { HasPlanes: true, IsPolled: true } ? new(_bus, TakeFlips) : null;
        Size = (info.Width, info.Height);
        _bus.Closed += why => Closed?.Invoke(why);
        loop.Add(_bus);
        // The VM's life before may have had planes that this one does not have.
        foreach (var plane in (PlaneKind[])[PlaneKind.Overlay, PlaneKind.Cursor])
            if (images.Planes.Shows(plane) || head.Newest(plane).Scanout is { } old && (old.IsRetired || images.Cursor.Has(old)))
                SwitchOff(plane);
    }

    /// <summary>
    /// The console's size from its properties. QEMU before 9 sends parts of a text mode's image but never the whole
    /// (ui/dbus-listener.c, dbus_gfx_update): then nothing else reports its size.
    /// </summary>
    public (int Width, int Height) Size
    {
        get;
        set
        {
            if (field == value)
                return;
            field = _reader.Size = value;
            _sizeTold = Clock.Now;
            _resize.Set(_sizeTold + SizeSettlesNs);
        }
    }

    /// <summary>QEMU closed the connection: QEMU ended, or the console is gone.</summary>
    public event Action<string>? Closed;

    /// <summary>Has the share poll the VM's display. Returns the earliest time of the next poll, ns.</summary>
    public long Poll(long now) => _poll?.Poll(now) ?? LoopSource.Never;

    /// <inheritdoc cref="IGuest.PollDelay"/>
    public long PollDelay => _poll?.Delay ?? 0;

    public void Dispose()
    {
        _images.Planes.ForgetAll();
        _loop.Remove(_bus);
        _loop.Remove(_off);
        _loop.Remove(_update);
        _loop.Remove(_resize);
        _throttle.Forget();
        _bus.Dispose();
    }

    private static BusObject Offering(params string[] more) => new(Path, new BusInterface("org.qemu.Display1.Listener", [],
        BusProperty.Of("Interfaces",
            ["org.qemu.Display1.Listener.Unix.Map", "org.qemu.Display1.Listener.Unix.ScanoutDMABUF2", .. more])));

    private bool Handle(BusObject served, BusMessage message) =>
        message.Interface.SequenceEqual("org.freedesktop.DBus.Properties"u8) ? AnswerProperties(served, message)
        : message.Interface.SequenceEqual(PlaneReader.Interface) && served == s_withPlanes ? TakePlane(message)
        : Take(message, _reader.Read(message));

    private bool AnswerProperties(BusObject served, BusMessage message)
    {
        try
        {
            return served.Handle(message);
        }
        catch (BusException e)
        {
            _head.Refuse($"{_head.Name}: a call of the VM's display could not be answered: {e.Message}.");
            return false;
        }
    }

    /// <summary>
    /// Applies a message and answers it. A failure in here is ours (the compositor's connection, the kernel), not QEMU's: it is
    /// not caught, so that it is reported as ours and the message is not answered twice.
    /// </summary>
    /// <returns>False if the message is to be answered with an error.</returns>
    private bool Take(BusMessage message, in DisplayMessage read)
    {
        if (read.Problem is { } problem)
            _head.Refuse($"{_head.Name}: {problem}. The last image stays.");
        switch (read.Kind)
        {
            case DisplayMessageKind.Unknown:
                return false;
            case DisplayMessageKind.DmaBufDrawn:
                RaiseDmaBuf(message.Defer(), read.Damage);
                return true;
            case DisplayMessageKind.DmaBuf:
                AwaitUpdate(read);
                break;
            case DisplayMessageKind.Image:
                Show(read.Scanout!);
                AwaitSize(read.Scanout!);
                break;
            case DisplayMessageKind.ImageDrawn:
                Update(read);
                break;
            case DisplayMessageKind.Disable:
                Disable();
                break;
            case DisplayMessageKind.CursorImage or DisplayMessageKind.CursorMove:
                _images.Cursor.Raise(_head, isNew: read.Kind == DisplayMessageKind.CursorImage);
                _images.Planes.Show(PlaneKind.Cursor, null);
                break;
        }
        message.Reply();
        return true;
    }

    /// <summary>Takes a call of the planes interface. False if it is to be answered with an error.</summary>
    private bool TakePlane(BusMessage message)
    {
        var call = _planes.Read(message, out var flip);
        if (call == PlaneCall.Refused)
            TakeOff(PlaneKind.Overlay);
        if (call != PlaneCall.Flip)
            return call != PlaneCall.Unknown;
        if (flip.Plane == PlaneKind.Primary && flip.Scanout is not null)
            flip = flip with { Ticket = _throttle.Hold(message.Defer(), Clock.Now), IsReleasedAtCommit = _poll is not null };
        else
            message.Reply();
        Show(flip);
        return true;
    }

    /// <summary>Takes an answer to a poll. False if its flips make no sense.</summary>
    private bool TakeFlips(BusMessage answer)
    {
        if (!_planes.ReadAnswer(answer, out var flips))
            return false;
        foreach (var flip in flips)
            Show(flip);
        return true;
    }

    /// <summary>Shows what came by the planes interface.</summary>
    private void Show(in Flip flip)
    {
        if (flip.Plane == PlaneKind.Primary)
        {
            _off.Cancel();
            _update.Cancel();
            (_flip, _isRaised) = (flip with { Ticket = 0 }, true);
        }
        _head.Raise(flip);
        if (flip.Plane == PlaneKind.Primary)
            _images.Trim(flip.Scanout, Clock.Now);
        _images.Planes.Show(flip.Plane, flip.Scanout);
    }

    /// <summary>Switches a plane off that came by the planes interface.</summary>
    private void TakeOff(PlaneKind plane)
    {
        if (_images.Planes.Shows(plane))
            SwitchOff(plane);
    }

    private void SwitchOff(PlaneKind plane)
    {
        _head.Raise(new Flip(plane, null, default, default, Changed: true, Clock.Now));
        _images.Planes.Show(plane, null);
    }

    private void AwaitUpdate(in DisplayMessage read)
    {
        _off.Cancel();
        _flip = _flip with { Scanout = read.Scanout, Crop = read.Crop, IsBottomUp = read.IsBottomUp };
        _isRaised = false;
        if (!_update.IsSet)
            _update.Set(Clock.Now + UpdateWithinNs);
    }

    private void RaiseDmaBuf(BusReply reply, Rectangle area)
    {
        if (_flip.Scanout is null)
            reply.Send();
        else
            Raise(area, _throttle.Hold(reply, Clock.Now));
    }

    /// <summary>An image of another size than the console's newest may be the previous mode's: sent first, read last.</summary>
    private void AwaitSize(Scanout image)
    {
        var now = Clock.Now;
        if (Size != (image.Width, image.Height) && now - _sizeTold < SizeIsNewsNs)
            _resize.Set(now + SizeSettlesNs);
    }

    private void Update(in DisplayMessage read)
    {
        if (read.Scanout is null || _flip.Scanout != read.Before)
            return;
        if (read.Scanout == read.Before)
            Raise(read.Damage, 0);
        else
            Show(read.Scanout);
    }

    private void Disable()
    {
        if (_flip.Scanout is not null && _isRaised)
            _off.Set(Clock.Now + OffAfterNs);
    }

    private void Resize(int width, int height)
    {
        if (width <= 0 || height <= 0 || _images.Bytes.Scanout is not { } image || _flip.Scanout != image)
            return;
        _images.Bytes.Resize(width, height);
        if (_images.Bytes.Scanout != image)
            Show(_images.Bytes.Scanout!);
    }

    /// <summary>Shows another scanout, which is already drawn.</summary>
    private void Show(Scanout scanout)
    {
        _flip = _flip with { Scanout = scanout, Crop = default, IsBottomUp = false };
        Raise(default, 0);
    }

    /// <summary>Raises the current scanout, of which at least that area was drawn.</summary>
    private void Raise(Rectangle damage, long ticket)
    {
        var now = Clock.Now;
        _off.Cancel();
        _update.Cancel();
        _head.CopiedBytes = _images.Bytes.CopiedBytes;
        _head.Raise(_flip with { Damage = _isRaised ? damage : default, Ticket = ticket, Time = now });
        _isRaised = true;
        _images.Trim(_flip.Scanout, now);
        _images.Planes.Show(PlaneKind.Primary, null);
    }

    /// <summary>Switches the plane off. An update switches it on again with the same scanout.</summary>
    private void SwitchOff(long now)
    {
        _isRaised = false;
        _head.Raise(new Flip(PlaneKind.Primary, null, default, default, true, now));
    }
}

using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// What QEMU tells a listener of one console (org.qemu.Display1.Listener, QEMU ui/dbus-display1.xml), as flips of its head.
/// QEMU is a stranger: every message is checked whole, and a bad one costs a sentence and nothing else.
/// </summary>
internal sealed class QemuListener : IDisposable
{
    public const string Path = "/org/qemu/Display1/Listener";

    /// <summary>An image that comes with its size is here by then, when the console's size property has changed.</summary>
    private const long SizeSettlesNs = 50_000_000;

    /// <summary>Two sockets of one program are not further apart than this, on a busy machine either.</summary>
    private const long SizeIsNewsNs = 1_000_000_000;

    private static readonly string[] s_interfaces = ["org.qemu.Display1.Listener.Unix.Map", "org.qemu.Display1.Listener.Unix.ScanoutDMABUF2"];

    /// <summary>
    /// QEMU says Disable also of a framebuffer that another has just replaced (dbus_release_dmabuf): the display is off only
    /// if nothing follows.
    /// </summary>
    private const long OffAfterNs = 150_000_000;

    /// <summary>A new scanout is followed by the update that says that it is drawn; when it is told again to a new listener, perhaps not.</summary>
    private const long UpdateWithinNs = 50_000_000;

    private readonly Loop _loop;
    private readonly Bus _bus;
    private readonly Head _head;
    private readonly Throttle _throttle;
    private readonly QemuImages _images;
    private readonly LoopTimer _off, _update, _resize;
    private Flip _flip = new(PlaneKind.Primary, null, default, default, true, 0);
    private bool _isRaised = true;
    private long _sizeTold;

    /// <param name="loop">Where it lives.</param>
    /// <param name="socket">Our end; QEMU has the other one with RegisterListener. Taken over.</param>
    /// <param name="head">Whose flips they are.</param>
    /// <param name="images">The console's, which outlive a connection.</param>
    /// <param name="throttle">The console's.</param>
    public QemuListener(Loop loop, Fd socket, Head head, QemuImages images, Throttle throttle)
    {
        (_loop, _head, _images, _throttle) = (loop, head, images, throttle);
        loop.Add(_off = new LoopTimer(SwitchOff));
        loop.Add(_update = new LoopTimer(_ => Raise(default, 0)));
        loop.Add(_resize = new LoopTimer(_ => Resize(Size.Width, Size.Height)));
        // Served before the connection starts, and started before QEMU knows of it: it authenticates us with its main loop
        // standing still, and then asks for our interfaces.
        _bus = Bus.Peer(socket, bus => bus.Serve(Path, Handle));
        _bus.Closed += why => Closed?.Invoke(why);
        loop.Add(_bus);
    }

    /// <summary>
    /// The console's size, as its properties tell it. QEMU before 9 sends the parts of a text mode's image without ever
    /// sending the whole (ui/dbus-listener.c, dbus_gfx_update): then this is all that tells its size.
    /// </summary>
    public (int Width, int Height) Size
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            _sizeTold = Clock.Now;
            _resize.Set(_sizeTold + SizeSettlesNs);
        }
    }

    /// <summary>QEMU has closed it: it ended, or the console is gone.</summary>
    public event Action<string>? Closed;

    public void Dispose()
    {
        _loop.Remove(_bus);
        _loop.Remove(_off);
        _loop.Remove(_update);
        _loop.Remove(_resize);
        _throttle.Forget();
        _bus.Dispose();
    }

    private bool Handle(BusMessage message)
    {
        try
        {
            return message.Interface.SequenceEqual("org.freedesktop.DBus.Properties"u8)
                ? InterfacesProperty.Handle(message, "org.qemu.Display1.Listener", s_interfaces) : HandleDisplay(message);
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            // Answered as an unknown call, so that nobody waits for it.
            _head.Refuse($"{_head.Name}: a display message could not be used: {e.Message}. The last image stays.");
            return false;
        }
    }

    private bool HandleDisplay(BusMessage message)
    {
        var member = message.Member;
        if (member.SequenceEqual("UpdateDMABUF"u8) && message.HasSignature("iiii"u8))
        {
            UpdateDmaBuf(message);
            return true;
        }
        if (member.SequenceEqual("ScanoutDMABUF2"u8) && message.HasSignature("ahuuuuauauuuuutb"u8))
            ScanoutDmaBuf2(message);
        else if (member.SequenceEqual("Disable"u8))
            Disable();
        else if (member.SequenceEqual("MouseSet"u8) && message.HasSignature("iii"u8))
            MouseSet(message);
        else if (member.SequenceEqual("UpdateMap"u8) && message.HasSignature("iiii"u8))
            UpdateMap(message);
        else if (member.SequenceEqual("Update"u8) && message.HasSignature("iiiiuuay"u8))
            Update(message);
        else if (member.SequenceEqual("ScanoutDMABUF"u8) && message.HasSignature("huuuutb"u8))
            ScanoutDmaBuf(message);
        else if (member.SequenceEqual("ScanoutMap"u8) && message.HasSignature("huuuuu"u8))
            return ScanoutMap(message);
        else if (member.SequenceEqual("Scanout"u8) && message.HasSignature("uuuuay"u8))
            Scanout(message);
        else if (member.SequenceEqual("CursorDefine"u8) && message.HasSignature("iiiiay"u8))
            CursorDefine(message);
        else
            return false;
        message.Reply();
        return true;
    }

    private void ScanoutDmaBuf(BusMessage message)
    {
        Span<BorrowedFd> fds = [message.ReadFd()];
        var (width, height, stride, fourcc) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        var layout = new DmaBufLayout(width, height, fourcc, message.ReadUInt64(), 1) { [0] = (0, stride) };
        TakeDmaBuf(fds, layout, default, message.ReadBool());
    }

    private void ScanoutDmaBuf2(BusMessage message)
    {
        Span<BorrowedFd> fds = stackalloc BorrowedFd[DmaBufLayout.MaxPlanes];
        var fdCount = message.ReadFds(fds);
        var (x, y, width, height) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        var offsets = message.ReadUInt32Array();
        var strides = message.ReadUInt32Array();
        var (count, fourcc, backingWidth, backingHeight) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        var layout = new DmaBufLayout(backingWidth, backingHeight, fourcc, message.ReadUInt64(), (int)Math.Min(count, DmaBufLayout.MaxPlanes + 1));
        var isBottomUp = message.ReadBool();
        if (count is 0 or > DmaBufLayout.MaxPlanes || fdCount is 0 or > DmaBufLayout.MaxPlanes || offsets.Length < count || strides.Length < count)
        {
            Refuse($"{count} memory planes came with {fdCount} descriptors, {offsets.Length} offsets and {strides.Length} strides");
            return;
        }
        for (var i = 0; i < count; i++)
            layout[i] = (offsets[i], strides[i]);
        if (width == 0 || height == 0 || (ulong)x + width > backingWidth || (ulong)y + height > backingHeight)
        {
            Refuse($"the part {width}x{height} at {x},{y} is not inside its buffer of {backingWidth}x{backingHeight}");
            return;
        }
        var isWhole = (width, height) == (backingWidth, backingHeight);
        TakeDmaBuf(fds[..fdCount], layout, isWhole || backingWidth > int.MaxValue || backingHeight > int.MaxValue ? default : new((int)x, (int)y, (int)width, (int)height), isBottomUp);
    }

    private void TakeDmaBuf(ReadOnlySpan<BorrowedFd> fds, in DmaBufLayout layout, Rectangle crop, bool isBottomUp)
    {
        var now = Clock.Now;
        if (_images.DmaBufs.Find(fds, layout, now, out var problem) is not { } scanout)
        {
            Refuse(problem!);
            return;
        }
        _off.Cancel();
        _flip = _flip with { Scanout = scanout, Crop = crop, IsBottomUp = isBottomUp };
        _isRaised = false;
        _update.Set(now + UpdateWithinNs);
    }

    private void UpdateDmaBuf(BusMessage message)
    {
        var area = ReadArea(message);
        var reply = message.Defer();
        if (_flip.Scanout is null)
            reply.Send();
        else
            Raise(area, _throttle.Hold(reply, Clock.Now));
    }

    /// <summary>
    /// Refused with an error, QEMU sends bytes instead. It must be: for a surface without a handle of its own (a virtio-gpu
    /// blob without gl) QEMU to 11.1 passes its descriptor 0.
    /// </summary>
    private bool ScanoutMap(BusMessage message)
    {
        var fd = message.ReadFd();
        var (offset, width, height, stride, format) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        var problem = "its pixel format is unknown";
        if (PixmanFormat.ToFourcc(format) is { } fourcc)
            problem = _images.Map(fd, new(width, height, fourcc, Modifier.Linear, [new(offset, stride, 0)]));
        if (problem is not null)
            return false;
        message.Reply();
        Show(_images.Mapped!);
        return true;
    }

    private void UpdateMap(BusMessage message)
    {
        var area = ReadArea(message);
        if (_images.Mapped is not null && _flip.Scanout == _images.Mapped)
            Raise(area, 0);
    }

    private void Scanout(BusMessage message)
    {
        var (width, height, stride, format) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        var problem = PixmanFormat.ToFourcc(format) is { } fourcc ? _images.Bytes.Take(width, height, stride, fourcc, message.ReadBytes())
            : $"its pixel format 0x{format:x8} (pixman) is unknown";
        if (problem is not null)
        {
            Refuse(problem);
            return;
        }
        Show(_images.Bytes.Scanout!);
        // Of another size than was told just now: perhaps the last image of the mode before, which was sent first and read last.
        var now = Clock.Now;
        if (Size != ((int)width, (int)height) && now - _sizeTold < SizeIsNewsNs)
            _resize.Set(now + SizeSettlesNs);
    }

    private void Update(BusMessage message)
    {
        var area = ReadArea(message);
        var (stride, format) = (message.ReadUInt32(), message.ReadUInt32());
        var image = _images.Bytes.Scanout;
        var problem = PixmanFormat.ToFourcc(format) is { } fourcc ? _images.Bytes.Update(area, stride, fourcc, message.ReadBytes(), Size)
            : $"its pixel format 0x{format:x8} (pixman) is unknown";
        if (problem is not null)
            Refuse(problem);
        else if (_flip.Scanout == image && _images.Bytes.Scanout != image)
            Show(_images.Bytes.Scanout!);
        else if (_flip.Scanout == image)
            Raise(area, 0);
    }

    private void Disable()
    {
        if (_flip.Scanout is not null && _isRaised)
            _off.Set(Clock.Now + OffAfterNs);
    }

    private void CursorDefine(BusMessage message)
    {
        var (width, height, hotX, hotY) = (message.ReadInt32(), message.ReadInt32(), message.ReadInt32(), message.ReadInt32());
        var problem = _images.Cursor.Define(width, height, new(hotX, hotY), message.ReadBytes());
        if (problem is not null)
            Refuse($"the cursor: {problem}");
        else
            _images.Cursor.Raise(_head, isNew: true);
    }

    private void MouseSet(BusMessage message)
    {
        _images.Cursor.Move(new(message.ReadInt32(), message.ReadInt32()), isOn: message.ReadInt32() != 0);
        _images.Cursor.Raise(_head, isNew: false);
    }

    private void Resize(int width, int height)
    {
        if (width <= 0 || height <= 0 || _images.Bytes.Scanout is not { } image || _flip.Scanout != image)
            return;
        _images.Bytes.Resize(width, height);
        if (_images.Bytes.Scanout != image)
            Show(_images.Bytes.Scanout!);
    }

    /// <summary>Another scanout, drawn already.</summary>
    private void Show(Scanout scanout)
    {
        _flip = _flip with { Scanout = scanout, Crop = default, IsBottomUp = false };
        Raise(default, 0);
    }

    /// <summary>The scanout of now is drawn, there at least.</summary>
    private void Raise(Rectangle damage, long ticket)
    {
        var now = Clock.Now;
        _off.Cancel();
        _update.Cancel();
        _head.CopiedBytes = _images.Bytes.CopiedBytes;
        _head.Raise(_flip with { Damage = _isRaised ? damage : default, Ticket = ticket, Time = now });
        _isRaised = true;
        _images.Trim(_flip.Scanout, now);
    }

    /// <summary>The display is off. An update tells that it is on again, with the scanout that it had.</summary>
    private void SwitchOff(long now)
    {
        _isRaised = false;
        _head.Raise(new Flip(PlaneKind.Primary, null, default, default, true, now));
    }

    private void Refuse(string problem) => _head.Refuse($"{_head.Name}: what QEMU gives cannot be shown: {problem}. The last image stays.");

    /// <summary>x, y, width, height; an area that is none says that anything may have changed.</summary>
    private static Rectangle ReadArea(BusMessage message)
    {
        var area = new Rectangle(message.ReadInt32(), message.ReadInt32(), message.ReadInt32(), message.ReadInt32());
        return area is { X: >= 0 and <= PlaneLayout.MaxSide, Y: >= 0 and <= PlaneLayout.MaxSide, Width: <= PlaneLayout.MaxSide, Height: <= PlaneLayout.MaxSide } ? area : default;
    }
}

using Guestplane.Gvt.Qemu;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>The ways in which a client can take an image, best first (org.qemu.Display1.Listener and its extensions).</summary>
[Flags]
internal enum ListenerWays
{
    None = 0,

    /// <summary>ScanoutDMABUF2: several memory planes, offsets, a part of the buffer.</summary>
    DmaBuf2 = 1,

    /// <summary>ScanoutDMABUF: one memory plane, from its first byte, whole.</summary>
    DmaBuf = 2,

    /// <summary>ScanoutMap: a copy in memory that the client maps.</summary>
    Map = 4,

    /// <summary>Scanout: a copy in the message.</summary>
    Bytes = 8,

    /// <summary>Before all others: by id, each dma-buf sent once (the planes interface).</summary>
    Planes = 16,
}

/// <summary>
/// The calls to one client's listener (QEMU ui/dbus-display1.xml). Each is sent with a handler for its answer. All members throw
/// a <see cref="BusException"/> if the connection has ended, or a LinuxException if memory or descriptors run out.
/// </summary>
internal sealed class ListenerCalls(Bus bus, PixelReader pixels) : IDisposable
{
    public const string Interface = "org.qemu.Display1.Listener";

    /// <summary>The largest array of a message (D-Bus specification, "Marshaling").</summary>
    private const int MostBytes = 64 << 20;

    private const int MaxPlanes = 4;

    private static readonly byte[] s_path = Bus.ZeroEnded(QemuListener.Path);

    private readonly ListenerCopy _copy = new();

    public PlaneCalls Planes { get; } = new(bus);

    private static ReadOnlySpan<byte> Name => "org.qemu.Display1.Listener"u8;

    private static ReadOnlySpan<byte> MapName => "org.qemu.Display1.Listener.Unix.Map"u8;

    /// <summary>The best of some ways for this image; None if it fits none.</summary>
    public ListenerWays Best(ListenerWays ways, in Flip flip)
    {
        var scanout = flip.Scanout!;
        if (scanout.Kind == MemoryKind.DmaBuf && (ways & ListenerWays.Planes) != 0)
            return ListenerWays.Planes;
        if (scanout.Kind == MemoryKind.DmaBuf && (ways & ListenerWays.DmaBuf2) != 0)
            return ListenerWays.DmaBuf2;
        var isWhole = flip.Source == new Rectangle(0, 0, scanout.Width, scanout.Height);
        if (scanout.Kind == MemoryKind.DmaBuf && (ways & ListenerWays.DmaBuf) != 0 && isWhole
            && scanout.Layout.Planes is [{ Offset: 0 }])
            return ListenerWays.DmaBuf;
        if (PixmanFormat.FromFourcc(scanout.Layout.Format) is null || !pixels.CanRead(scanout))
            return ListenerWays.None;
        if ((ways & ListenerWays.Map) != 0)
            return ListenerWays.Map;
        var bytes = scanout.Format.RowBytes(0, flip.Source.Width) * flip.Source.Height;
        return (ways & ListenerWays.Bytes) != 0 && bytes <= MostBytes ? ListenerWays.Bytes : ListenerWays.None;
    }

    /// <summary>Sends a new image.</summary>
    public void Scanout(ListenerWays way, in Flip flip, BusAnswer answer)
    {
        switch (way)
        {
            case ListenerWays.DmaBuf2:
                ScanoutDmaBuf2(flip, answer);
                break;
            case ListenerWays.DmaBuf:
                ScanoutDmaBuf(flip, answer);
                break;
            case ListenerWays.Map:
                ScanoutMap(flip, answer);
                break;
            default:
                ScanoutBytes(flip, answer);
                break;
        }
    }

    /// <summary>Sends that a part of the present image has changed.</summary>
    /// <param name="part">In pixels of the upright image, and inside it.</param>
    public void Update(ListenerWays way, in Flip flip, Rectangle part, BusAnswer answer)
    {
        switch (way)
        {
            case ListenerWays.DmaBuf2 or ListenerWays.DmaBuf:
                Send(Area(Begin(Name, "UpdateDMABUF"u8), part), answer);
                break;
            case ListenerWays.Map:
                _copy.Take(pixels, flip, part);
                Send(Area(Begin(MapName, "UpdateMap"u8), part), answer);
                break;
            default:
                UpdateBytes(flip, part, answer);
                break;
        }
    }

    public void Disable(BusAnswer answer) => Send(Begin(Name, "Disable"u8), answer);

    public void DefineCursor(SharedCursor cursor, BusAnswer answer) => Send(Begin(Name, "CursorDefine"u8)
        .Add(cursor.Size.Width).Add(cursor.Size.Height).Add(cursor.Hotspot.X).Add(cursor.Hotspot.Y).Add(cursor.Pixels), answer);

    public void MoveCursor(SharedCursor cursor, BusAnswer answer) => Send(Begin(Name, "MouseSet"u8)
        .Add(cursor.Position.X).Add(cursor.Position.Y).Add(cursor.IsOn ? 1 : 0), answer);

    public void GetInterfaces(BusHandler answered) =>
        Begin("org.freedesktop.DBus.Properties"u8, "GetAll"u8).Add(Interface).Send(answered, Linux.LoopSource.Never);

    public void Dispose()
    {
        _copy.Dispose();
        Planes.Dispose();
    }

    private void ScanoutDmaBuf2(in Flip flip, BusAnswer answer)
    {
        var (scanout, source, planes) = (flip.Scanout!, flip.Source, flip.Scanout!.Layout.Planes);
        Span<uint> offsets = stackalloc uint[MaxPlanes], strides = stackalloc uint[MaxPlanes];
        for (var i = 0; i < planes.Count; i++)
            (offsets[i], strides[i]) = (planes[i].Offset, planes[i].Stride);
        var call = Begin("org.qemu.Display1.Listener.Unix.ScanoutDMABUF2"u8, "ScanoutDMABUF2"u8);
        try
        {
            call.Open('a', "h"u8);
            for (var i = 0; i < scanout.MemoryCount; i++)
                call.Add(scanout.Memory(i));
            call.Close().Add((uint)source.X).Add((uint)source.Y).Add((uint)source.Width).Add((uint)source.Height)
                .Add(offsets[..planes.Count]).Add(strides[..planes.Count]).Add((uint)planes.Count)
                .Add(scanout.Layout.Format.Code).Add(scanout.Layout.Width).Add(scanout.Layout.Height)
                .Add(scanout.Layout.Modifier.Value).Add(flip.IsBottomUp);
        }
        catch
        {
            call.Dispose();
            throw;
        }
        Send(call, answer);
    }

    private void ScanoutDmaBuf(in Flip flip, BusAnswer answer)
    {
        var layout = flip.Scanout!.Layout;
        var call = Begin(Name, "ScanoutDMABUF"u8);
        try
        {
            call.Add(flip.Scanout.Memory(0));
        }
        catch
        {
            call.Dispose();
            throw;
        }
        Send(call.Add(layout.Width).Add(layout.Height).Add(layout.Planes[0].Stride).Add(layout.Format.Code)
            .Add(layout.Modifier.Value).Add(flip.IsBottomUp), answer);
    }

    private void ScanoutMap(in Flip flip, BusAnswer answer)
    {
        var source = flip.Source;
        _copy.Take(pixels, flip, new(0, 0, source.Width, source.Height));
        var call = Begin(MapName, "ScanoutMap"u8);
        try
        {
            call.Add(_copy.Memory);
        }
        catch
        {
            call.Dispose();
            throw;
        }
        Send(call.Add(0u).Add((uint)source.Width).Add((uint)source.Height).Add((uint)_copy.Stride).Add(Pixman(flip)), answer);
    }

    private void ScanoutBytes(in Flip flip, BusAnswer answer)
    {
        var source = flip.Source;
        var call = Begin(Name, "Scanout"u8).Add((uint)source.Width).Add((uint)source.Height);
        AddBytes(call, flip, new(0, 0, source.Width, source.Height));
        Send(call, answer);
    }

    private void UpdateBytes(in Flip flip, Rectangle part, BusAnswer answer)
    {
        var call = Area(Begin(Name, "Update"u8), part);
        AddBytes(call, flip, part);
        Send(call, answer);
    }

    /// <summary>Adds "uuay": stride, format, pixels.</summary>
    private void AddBytes(BusCall call, in Flip flip, Rectangle part)
    {
        var stride = (int)flip.Scanout!.Format.RowBytes(0, part.Width);
        try
        {
            call.Add((uint)stride).Add(Pixman(flip));
            pixels.Copy(flip, part, call.AddSpace(stride * part.Height), stride);
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    private static uint Pixman(in Flip flip) => PixmanFormat.FromFourcc(flip.Scanout!.Layout.Format)!.Value;

    private static BusCall Area(BusCall call, Rectangle area) =>
        call.Add(area.X).Add(area.Y).Add(area.Width).Add(area.Height);

    private BusCall Begin(ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member) => bus.Call([], s_path, @interface, member);

    /// <summary>Answers may come at any time: a client that is stopped goes on when it is continued.</summary>
    private static void Send(BusCall call, BusAnswer answer) => call.Send(answer, Linux.LoopSource.Never);
}

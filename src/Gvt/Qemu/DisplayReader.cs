using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Reads the calls of org.qemu.Display1.Listener (QEMU ui/dbus-display1.xml), checks them whole, and takes over the memory that
/// they bring. It tells nobody: what fails here is the message's fault, or its memory could not be taken.
/// </summary>
/// <param name="images">The console's images.</param>
internal sealed class DisplayReader(QemuImages images)
{
    private delegate DisplayMessage Reader(DisplayReader reader, BusMessage message);

    private static readonly Method[] s_methods =
    [
        new("UpdateDMABUF", "iiii", (_, message) => new(DisplayMessageKind.DmaBufDrawn) { Damage = ReadArea(message) }),
        new("ScanoutDMABUF2", "ahuuuuauauuuuutb", (reader, message) => reader.ReadDmaBuf2(message)),
        new("MouseSet", "iii", (reader, message) => reader.ReadMouse(message)),
        new("UpdateMap", "iiii", (reader, message) => reader.ReadUpdateMap(message)),
        new("Update", "iiiiuuay", (reader, message) => reader.ReadUpdate(message)),
        new("Disable", null, (_, _) => new(DisplayMessageKind.Disable)),
        new("ScanoutDMABUF", "huuuutb", (reader, message) => reader.ReadDmaBuf(message)),
        new("ScanoutMap", "huuuuu", (reader, message) => reader.ReadMap(message)),
        new("Scanout", "uuuuay", (reader, message) => reader.ReadScanout(message)),
        new("CursorDefine", "iiiiay", (reader, message) => reader.ReadCursor(message)),
    ];

    /// <summary>The console's size as its properties give it; (0, 0) before they are known.</summary>
    public (int Width, int Height) Size { get; set; }

    /// <summary>Reads one call. Never throws for what is in it.</summary>
    public DisplayMessage Read(BusMessage message)
    {
        try
        {
            var member = message.Member;
            foreach (var method in s_methods)
                if (member.SequenceEqual(method.Member) && (method.Signature is null || message.HasSignature(method.Signature)))
                    return method.Read(this, message);
            return default;
        }
        catch (Exception e) when (e is BusException or LinuxException or IOException)
        {
            return new(DisplayMessageKind.Unknown) { Problem = $"a display message could not be used: {e.Message}" };
        }
    }

    private DisplayMessage ReadDmaBuf(BusMessage message)
    {
        Span<BorrowedFd> fds = [message.ReadFd()];
        var (width, height) = (message.ReadUInt32(), message.ReadUInt32());
        var (stride, fourcc) = (message.ReadUInt32(), message.ReadUInt32());
        var layout = new DmaBufLayout(width, height, fourcc, message.ReadUInt64(), 1) { [0] = (0, stride) };
        return TakeDmaBuf(fds, layout, default, message.ReadBool());
    }

    private DisplayMessage ReadDmaBuf2(BusMessage message)
    {
        Span<BorrowedFd> fds = stackalloc BorrowedFd[DmaBufLayout.MaxPlanes];
        if (message.ReadFds(fds) is not { } fdCount)
            return RefuseDmaBuf($"its memory planes came with more than {fds.Length} descriptors");
        var (x, y, width, height) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        var offsets = message.ReadUInt32Array();
        var strides = message.ReadUInt32Array();
        var (count, fourcc) = (message.ReadUInt32(), message.ReadUInt32());
        var (wholeWidth, wholeHeight, modifier) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt64());
        var isBottomUp = message.ReadBool();
        if (count is 0 or > DmaBufLayout.MaxPlanes || fdCount == 0
            || offsets.Length < count || strides.Length < count)
            return RefuseDmaBuf($"{count} memory planes came with {fdCount} descriptors, "
                + $"{offsets.Length} offsets and {strides.Length} strides");
        if (width == 0 || height == 0 || (ulong)x + width > wholeWidth || (ulong)y + height > wholeHeight)
            return RefuseDmaBuf($"the part {width}x{height} at {x},{y} is not inside its buffer of {wholeWidth}x{wholeHeight}");
        var layout = new DmaBufLayout(wholeWidth, wholeHeight, fourcc, modifier, (int)count);
        for (var i = 0; i < count; i++)
            layout[i] = (offsets[i], strides[i]);
        // A buffer that is too large is refused below.
        var isWhole = (width, height) == (wholeWidth, wholeHeight) || wholeWidth > int.MaxValue || wholeHeight > int.MaxValue;
        return TakeDmaBuf(fds[..fdCount], layout, isWhole ? default : new((int)x, (int)y, (int)width, (int)height), isBottomUp);
    }

    private DisplayMessage TakeDmaBuf(ReadOnlySpan<BorrowedFd> fds, in DmaBufLayout layout, Rectangle crop, bool isBottomUp) =>
        images.DmaBufs.Find(fds, layout, Clock.Now, out var problem) is { } scanout
            ? new(DisplayMessageKind.DmaBuf) { Scanout = scanout, Crop = crop, IsBottomUp = isBottomUp }
            : RefuseDmaBuf(problem!);

    /// <summary>
    /// QEMU sends bytes instead when this is answered with an error, as it must be: for a surface without a handle of its own (a
    /// virtio-gpu blob without gl) QEMU up to 11.1 passes its descriptor 0.
    /// </summary>
    private DisplayMessage ReadMap(BusMessage message)
    {
        var fd = message.ReadFd();
        var (offset, width, height) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        var (stride, format) = (message.ReadUInt32(), message.ReadUInt32());
        if (PixmanFormat.ToFourcc(format) is not { } fourcc
            || images.Map(fd, new(width, height, fourcc, Modifier.Linear, [new(offset, stride, 0)])) is not null)
            return default;
        return new(DisplayMessageKind.Image) { Scanout = images.Mapped };
    }

    private DisplayMessage ReadUpdateMap(BusMessage message) => images.HasMapShrunk ? Refuse("its memory has become smaller")
        : new(DisplayMessageKind.ImageDrawn) { Damage = ReadArea(message), Before = images.Mapped, Scanout = images.Mapped };

    private DisplayMessage ReadScanout(BusMessage message)
    {
        var (width, height) = (message.ReadUInt32(), message.ReadUInt32());
        var (stride, format) = (message.ReadUInt32(), message.ReadUInt32());
        var problem = PixmanFormat.ToFourcc(format) is { } fourcc
            ? images.Bytes.Take(width, height, stride, fourcc, message.ReadBytes())
            : UnknownFormat(format);
        return problem is null ? new(DisplayMessageKind.Image) { Scanout = images.Bytes.Scanout } : Refuse(problem);
    }

    private DisplayMessage ReadUpdate(BusMessage message)
    {
        var area = ReadArea(message);
        var (stride, format) = (message.ReadUInt32(), message.ReadUInt32());
        var before = images.Bytes.Scanout;
        var problem = PixmanFormat.ToFourcc(format) is { } fourcc
            ? images.Bytes.Update(area, stride, fourcc, message.ReadBytes(), Size)
            : UnknownFormat(format);
        return problem is not null ? Refuse(problem)
            : new(DisplayMessageKind.ImageDrawn) { Damage = area, Before = before, Scanout = images.Bytes.Scanout };
    }

    private DisplayMessage ReadCursor(BusMessage message)
    {
        var (width, height) = (message.ReadInt32(), message.ReadInt32());
        var hotspot = new PixelPoint(message.ReadInt32(), message.ReadInt32());
        return images.Cursor.Define(width, height, hotspot, message.ReadBytes()) is { } problem
            ? Refuse($"the cursor: {problem}") : new(DisplayMessageKind.CursorImage);
    }

    private DisplayMessage ReadMouse(BusMessage message)
    {
        var position = new PixelPoint(message.ReadInt32(), message.ReadInt32());
        images.Cursor.Move(position.Bounded(), isOn: message.ReadInt32() != 0);
        return new(DisplayMessageKind.CursorMove);
    }

    private static string UnknownFormat(uint format) => $"its pixel format 0x{format:x8} (pixman) is unknown";

    /// <summary>QEMU does not read the error. guestplane share does, and sends the image in another way.</summary>
    private static DisplayMessage RefuseDmaBuf(string problem) => Refuse(problem) with { Kind = DisplayMessageKind.Unknown };

    private static DisplayMessage Refuse(string problem) =>
        new(DisplayMessageKind.Nothing) { Problem = $"what the VM's display gives cannot be shown: {problem}" };

    /// <summary>x, y, width, height. An area that makes no sense is returned as empty: anything may have changed.</summary>
    private static Rectangle ReadArea(BusMessage message)
    {
        const int Most = PlaneLayout.MaxSide;
        var area = new Rectangle(message.ReadInt32(), message.ReadInt32(), message.ReadInt32(), message.ReadInt32());
        return area is { X: >= 0 and <= Most, Y: >= 0 and <= Most, Width: <= Most, Height: <= Most } ? area : default;
    }

    /// <summary>A method: its name, its signature (null for any), and what reads it.</summary>
    private sealed class Method(string member, string? signature, Reader read)
    {
        public byte[] Member { get; } = System.Text.Encoding.UTF8.GetBytes(member);

        public byte[]? Signature { get; } = signature is null ? null : Bus.ZeroEnded(signature);

        public Reader Read => read;
    }
}

using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Reads the calls of guestplane share's planes interface (protocols/dbus/org.guestplane.Display1.xml), checks them whole, and
/// takes over the memory that they bring. The server is a stranger: a call that makes no sense gets an error, and the server
/// then sends the planes as QEMU does.
/// </summary>
/// <param name="name">The head's name.</param>
internal sealed class PlaneReader(PlaneImages images, string name)
{
    /// <summary>A time of the guest that is older than that is no time of this flip.</summary>
    private const long OldestNs = 1_000_000_000;

    private const int MostDamage = 64;

    private const string Devices = "/sys/devices/";

    private static readonly byte[] s_register = Bus.ZeroEnded(PlanesInterface.RegisterTypes);

    private readonly Flip[] _flips = new Flip[3];

    public static ReadOnlySpan<byte> Interface => "org.guestplane.Display1.Listener.Planes"u8;

    private static ReadOnlySpan<byte> Invalid => "org.guestplane.Display1.Error.Invalid"u8;

    // A dma-buf that was rejected: the server learns it after it has sent a flip to it.
    private ulong _rejected;

    // A call was answered with an error. Once the server has read that, it sends the planes as QEMU does.
    private bool _hasRefused;

    /// <summary>A sentence for each call that was answered with an error, and for each answer that makes no sense.</summary>
    public event Action<string>? Refused;

    /// <summary>Reads one call.</summary>
    /// <param name="flip">What a plane shows now, if the result is <see cref="PlaneCall.Flip"/>: it is to be answered.</param>
    public PlaneCall Read(BusMessage message, out Flip flip)
    {
        flip = default;
        try
        {
            if (message.Member.SequenceEqual("Flip"u8) && message.HasSignature(PlanesInterface.Flip))
                return ReadFlipCall(message, ref flip);
            if (message.Member.SequenceEqual("Register"u8) && message.HasSignature(s_register))
                return Register(message);
            if (message.Member.SequenceEqual("Forget"u8) && message.HasSignature("t"u8))
                images.Forget(message.ReadUInt64());
            else
                return PlaneCall.Unknown;
            message.Reply();
            return PlaneCall.Answered;
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            return Refuse(message, Invalid, e.Message);
        }
    }

    /// <summary>Reads the flips in an answer to PollFlips, whose time was read.</summary>
    /// <param name="flips">What is to be shown: nothing after a call that was answered with an error.</param>
    /// <returns>False if they make no sense: none is to be shown then.</returns>
    public bool ReadAnswer(BusMessage answer, out ReadOnlySpan<Flip> flips)
    {
        flips = default;
        if (_hasRefused)
            return true;
        var (count, problem) = (0, default(string));
        try
        {
            answer.Enter('a', PlanesInterface.Flips);
            while (problem is null && answer.Enter('r', PlanesInterface.Flip))
            {
                if (count == _flips.Length)
                {
                    problem = $"there are {count} planes, and more flips came at once";
                    break;
                }
                problem = ReadFlip(answer, out _flips[count++], out _);
                answer.Exit();
            }
        }
        catch (BusException e)
        {
            problem = e.Message;
        }
        if (problem is not null)
        {
            Report(problem);
            return false;
        }
        flips = _flips.AsSpan(0, count);
        return true;
    }

    private PlaneCall Register(BusMessage message)
    {
        var id = message.ReadUInt64();
        Span<BorrowedFd> fds = stackalloc BorrowedFd[DmaBufLayout.MaxPlanes];
        if (message.ReadFds(fds) is not (> 0 and var fdCount))
            return Refuse(message, Invalid, $"a dma-buf has 1 to {fds.Length} descriptors");
        var (width, height) = (message.ReadUInt32(), message.ReadUInt32());
        var offsets = message.ReadUInt32Array();
        var strides = message.ReadUInt32Array();
        var layout = new DmaBufLayout(width, height, message.ReadUInt32(), message.ReadUInt64(), offsets.Length);
        var gpu = ReadGpu(message);
        if (id == 0 || offsets.Length is 0 or > DmaBufLayout.MaxPlanes || strides.Length != offsets.Length)
            return Refuse(message, Invalid, $"id {id} came with {offsets.Length} offsets and {strides.Length} strides");
        if (images.Has(id))
            return Refuse(message, "org.guestplane.Display1.Error.InUse"u8, $"id {id} is registered already");
        if (images.Count >= PlanesInterface.MostBuffers)
            return Refuse(message, "org.guestplane.Display1.Error.Limit"u8,
                $"{PlanesInterface.MostBuffers} dma-bufs are registered already");
        if (gpu is not null && !IsDevice(gpu))
            return Refuse(message, Invalid, $"the GPU {gpu} is no folder below {Devices}");
        for (var i = 0; i < offsets.Length; i++)
            layout[i] = (offsets[i], strides[i]);
        if (images.Add(id, fds[..fdCount], layout, gpu) is { } problem)
        {
            _rejected = id;
            return Refuse(message, Invalid, problem);
        }
        message.Reply();
        return PlaneCall.Answered;
    }

    private static bool IsDevice(string path) =>
        path.StartsWith(Devices, StringComparison.Ordinal) && !path.Contains("..", StringComparison.Ordinal);

    private static string? ReadGpu(BusMessage message)
    {
        var (gpu, entries) = (default(string), 0);
        message.Enter('a', "{sv}"u8);
        while (message.EnterEntry("sv"u8, ref entries))
        {
            if (message.ReadString() == PlanesInterface.Gpu)
                gpu = message.ReadStringVariant();
            else
                message.SkipVariant();
            message.Exit();
        }
        message.Exit();
        return gpu;
    }

    private PlaneCall ReadFlipCall(BusMessage message, ref Flip flip)
    {
        if (ReadFlip(message, out flip, out var id) is not { } problem)
            return PlaneCall.Flip;
        var isUnknown = id != 0 && !images.Has(id);
        return Refuse(message, isUnknown ? "org.guestplane.Display1.Error.UnknownId"u8 : Invalid, problem,
            isKnown: isUnknown && id == _rejected);
    }

    /// <summary>Reads one flip. Returns null, or what is wrong with it.</summary>
    private string? ReadFlip(BusMessage message, out Flip flip, out ulong id)
    {
        flip = default;
        var plane = message.ReadUInt32();
        id = message.ReadUInt64();
        var position = new PixelPoint(message.ReadInt32(), message.ReadInt32());
        var hotspot = new PixelPoint(message.ReadInt32(), message.ReadInt32());
        var (x, y, width, height) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        var flags = message.ReadUInt32();
        var damage = ReadDamage(message);
        var time = message.ReadUInt64();
        message.Skip("t"u8);
        if (plane > (uint)PlaneKind.Cursor)
            return $"there is no plane {plane}";
        var scanout = images.Find(id);
        if (scanout is null && id != 0)
            return $"no dma-buf is registered under id {id}";
        var crop = (x | y | width | height) == 0 ? default
            : new Rectangle((int)Math.Min(x, int.MaxValue), (int)Math.Min(y, int.MaxValue),
                (int)Math.Min(width, int.MaxValue), (int)Math.Min(height, int.MaxValue));
        if (scanout is not null && !crop.IsEmpty && !IsInside(scanout, x, y, width, height))
            return $"the part {width}x{height} at {x},{y} is not inside {scanout}";
        if (scanout is null || (uint)hotspot.X >= scanout.Width || (uint)hotspot.Y >= scanout.Height)
            hotspot = default;
        var now = Clock.Now;
        flip = new((PlaneKind)plane, scanout, (PlaneKind)plane == PlaneKind.Primary ? default : position.Bounded(), hotspot,
            (flags & PlanesInterface.IsChanged) != 0 || scanout is null, IsTime(time, now) ? (long)time : now)
        {
            Crop = scanout is null ? default : crop,
            Damage = damage,
            IsBottomUp = (flags & PlanesInterface.IsBottomUp) != 0,
        };
        return null;
    }

    private static bool IsTime(ulong time, long now) => time <= (ulong)now && time + OldestNs >= (ulong)now;

    private static bool IsInside(Scanout scanout, uint x, uint y, uint width, uint height) => width > 0 && height > 0
        && (ulong)x + width <= (ulong)scanout.Width && (ulong)y + height <= (ulong)scanout.Height;

    /// <summary>The smallest area that has all of them; empty if anything may have changed.</summary>
    private static Rectangle ReadDamage(BusMessage message)
    {
        const int Most = PlaneLayout.MaxSide;
        var (all, count, isKnown) = (default(Rectangle), 0, true);
        message.Enter('a', "(iiii)"u8);
        while (message.Enter('r', "iiii"u8))
        {
            var area = new Rectangle(message.ReadInt32(), message.ReadInt32(), message.ReadInt32(), message.ReadInt32());
            message.Exit();
            // So many that nobody has use for them: a message may have millions.
            if (++count > MostDamage)
                throw new BusException("reading a message", Errno.Protocol);
            isKnown &= area is { X: >= 0 and <= Most, Y: >= 0 and <= Most, Width: > 0 and <= Most, Height: > 0 and <= Most };
            all = all.IsEmpty ? area : all.Union(area);
        }
        message.Exit();
        return isKnown ? all : default;
    }

    private PlaneCall Refuse(BusMessage message, ReadOnlySpan<byte> error, string problem, bool isKnown = false)
    {
        _hasRefused = true;
        message.Fail(error, $"{problem}.");
        if (!isKnown)
            Report(problem);
        return PlaneCall.Refused;
    }

    private void Report(string problem) =>
        Refused?.Invoke($"{name}: what guestplane share gives cannot be shown by its planes interface: {problem}.");
}

/// <summary>What became of a call of the planes interface.</summary>
internal enum PlaneCall
{
    /// <summary>There is no such method: to be answered with an error.</summary>
    Unknown,

    Answered,

    /// <summary>Answered with an error: the server sends the planes as QEMU does from now on, and no overlay.</summary>
    Refused,

    /// <summary>A flip, to be raised and answered.</summary>
    Flip,
}

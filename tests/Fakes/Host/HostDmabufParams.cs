namespace Guestplane.Tests.Fakes;

internal sealed class HostDmabufParams(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint AlreadyUsed = 0;
    private const uint PlaneIdx = 1;
    private const uint PlaneSet = 2;
    private const uint Incomplete = 3;
    private const uint InvalidFormat = 4;
    private const uint InvalidDimensions = 5;
    private const uint OutOfBounds = 6;
    private const uint InvalidWlBuffer = 7;
    private const uint InvalidDevTSize = 8;
    private const int MaxPlanes = 4;

    private readonly DmabufPlane?[] _planes = new DmabufPlane?[MaxPlanes];
    private bool _isUsed;
    private ulong? _samplingDevice;

    public override void Handle(Request request)
    {
        if (request.Name == "destroy")
            return;
        if (_isUsed)
            throw Fault(AlreadyUsed, $"{request.Name} after create");
        switch (request.Name)
        {
            case "add": Add(request); break;
            case "set_sampling_device": SetSamplingDevice(request.Bytes("device")); break;
            case "create": Create(ReadImport(request, isImmediate: false)); break;
            case "create_immed": CreateNow(ReadImport(request, isImmediate: true), request.New<HostWlBuffer>("buffer_id")); break;
        }
    }

    protected override void Freed()
    {
        foreach (var plane in _planes)
            plane?.Fd.Dispose();
    }

    private void Add(Request request)
    {
        var index = request.UInt("plane_idx");
        var modifier = ((ulong)request.UInt("modifier_hi") << 32) | request.UInt("modifier_lo");
        if (index >= MaxPlanes)
            throw Fault(PlaneIdx, $"plane index {index}");
        if (_planes[index] is not null)
            throw Fault(PlaneSet, $"plane {index} is already set");
        // As in weston: a plane that is added before plane 0 is compared with modifier 0.
        if (index > 0 && modifier != (_planes[0]?.Modifier ?? 0))
            throw Fault(InvalidFormat, $"modifier 0x{modifier:x} of plane {index} is not that of plane 0");
        _planes[index] = new DmabufPlane(request.TakeFd("fd"), request.UInt("offset"), request.UInt("stride"), modifier);
    }

    private void SetSamplingDevice(byte[] device)
    {
        if (device.Length != sizeof(ulong))
            throw Fault(InvalidDevTSize, $"a dev_t of {device.Length} bytes");
        _samplingDevice = BitConverter.ToUInt64(device);
    }

    private DmabufImport ReadImport(Request request, bool isImmediate)
    {
        _isUsed = true;
        var (width, height, fourcc) = (request.Int("width"), request.Int("height"), request.UInt("format"));
        var planes = _planes.TakeWhile(plane => plane is not null).Select(plane => plane!).ToList();
        CheckPlanes(planes, fourcc);
        if (width < 1 || height < 1)
            throw Fault(InvalidDimensions, $"{width}x{height}");
        for (var i = 0; i < planes.Count; i++)
            CheckBounds(planes[i], i, width, height, FormatLayout.Of(fourcc));
        return new DmabufImport(
            width, height, new HostFormat(fourcc, planes[0].Modifier), request.UInt("flags"),
            planes.Select(plane => (plane.Offset, plane.Stride)).ToList(), isImmediate)
        {
            SamplingDevice = _samplingDevice,
        };
    }

    private void CheckPlanes(List<DmabufPlane> planes, uint fourcc)
    {
        var wanted = FormatLayout.Of(fourcc)?.Length ?? planes.Count;
        // A modifier may add planes for compression data.
        var isLinear = planes.Count > 0 && planes[0].Modifier == HostFormat.Linear;
        if (planes.Count == 0 || _planes.Skip(planes.Count).Any(plane => plane is not null)
            || planes.Count < wanted || (isLinear && planes.Count != wanted))
            throw Fault(Incomplete, $"{planes.Count} planes in order for {HostFormat.Text(fourcc)}");
        if (planes.Any(plane => plane.Modifier != planes[0].Modifier))
            throw Fault(InvalidFormat, "planes with different modifiers");
    }

    private void CheckBounds(DmabufPlane plane, int index, int width, int height, FormatLayout[]? layouts)
    {
        var rows = layouts is not null && index < layouts.Length ? layouts[index].Rows(height) : index == 0 ? height : 1;
        var end = plane.Offset + (plane.Stride * rows);
        var isLinear = plane.Modifier == HostFormat.Linear;
        if (plane.Offset + (long)plane.Stride > uint.MaxValue || end > uint.MaxValue)
            throw Fault(OutOfBounds, $"size overflow of plane {index}");
        if (isLinear && layouts is not null && plane.Stride < layouts[index].MinStride(width))
            throw Fault(OutOfBounds, $"stride {plane.Stride} of plane {index} for a width of {width}");
        var size = plane.Fd.Size();
        if (size != -1 && end > size)
            throw Fault(OutOfBounds, $"plane {index} ends at {end} in {size} bytes");
    }

    private void Create(DmabufImport import)
    {
        if (Refusal(import) is not null)
        {
            Host.CountImport(isDone: false);
            Send("failed");
            return;
        }
        var buffer = Client.CreateFromServer<HostWlBuffer>("wl_buffer", 1);
        Fill(buffer, import);
        Send("created", buffer);
    }

    private void CreateNow(DmabufImport import, HostWlBuffer buffer)
    {
        if (Refusal(import) is { } refusal)
        {
            Host.CountImport(isDone: false);
            throw Fault(InvalidWlBuffer, $"create_immed: {refusal}");
        }
        Fill(buffer, import);
    }

    private void Fill(HostWlBuffer buffer, DmabufImport import)
    {
        var planes = _planes.OfType<DmabufPlane>().ToArray();
        buffer.Storage = new DmabufStorage(import.Width, import.Height, import.Format.Fourcc, import.Format.Modifier, planes);
        Array.Clear(_planes);
        Host.CountImport(isDone: true);
    }

    private string? Refusal(DmabufImport import)
    {
        if (Host.Faults.FailImport?.Invoke(import) == true)
            return "injected";
        var mistake = import.Flags != 0 ? $"flags {import.Flags}"
            : !Host.DmabufFormats.Accepts(import.Format) ? $"{import.Format} was never advertised"
            : import.SamplingDevice is { } device && !Host.DmabufFormats.EverSampled(device, import.Format)
                ? $"{import.Format} was never advertised for sampling on the device 0x{device:x}"
            : null;
        if (mistake is not null && !import.IsImmediate)
            Host.Violate($"{this}.create: {mistake}");
        if (mistake is null && import.SamplingDevice is { } named && !Host.DmabufFormats.Samples(named, import.Format))
            return $"the device 0x{named:x} samples no {import.Format} any more";
        return mistake;
    }
}

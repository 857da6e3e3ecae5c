using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace Guestplane.Tests.Fakes;

/// <summary>wl_data_device_manager and its like for the primary selection.</summary>
internal sealed class HostSelectionManager(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public override void Handle(Request request)
    {
        if (request.Name is "get_data_device" or "get_device")
            request.New<HostSelectionDevice>("id").Start(
                Host.Selection(request.Object<HostSeat>("seat").Global, isPrimary: request.Name == "get_device"));
    }
}

internal sealed class HostSelectionDevice(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint UsedSource = 1;

    public HostSelection? Selection { get; private set; }

    public void Start(HostSelection selection) => Selection = selection;

    public void Tell(string name, params object?[] values)
    {
        if (!Destroyed)
            Send(name, values);
    }

    public override void Handle(Request request)
    {
        if (request.Name != "set_selection")
            return;
        var source = request.Nullable<HostSource>("source");
        if (source is { IsUsed: true })
            throw Fault(UsedSource, $"{source} was used before");
        if (source is not null)
            source.IsUsed = true;
        Selection!.Set(source, request.UInt("serial"), Client);
    }
}

/// <summary>What a client offers.</summary>
internal sealed class HostSource(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    /// <summary>Null before set_selection.</summary>
    public HostSelection? Selection { get; set; }

    public List<string> Types { get; } = [];

    public bool IsUsed { get; set; }

    public void Tell(string name, params object?[] values)
    {
        if (!Destroyed)
            Send(name, values);
    }

    public override void Handle(Request request)
    {
        if (request.Name == "offer")
            Types.Add(request.Text("mime_type"));
    }

    protected override void Freed() => Selection?.Forget(this);
}

/// <summary>The selection as it is offered to a client.</summary>
internal sealed class HostOffer(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private static readonly ConcurrentBag<FileStream> s_neverClosed = [];

    private HostSource? _source;
    private DesktopCopy? _copy;

    public void Start(HostSource? source, DesktopCopy? copy)
    {
        (_source, _copy) = (source, copy);
        foreach (var type in source?.Types ?? copy!.Types)
            Send("offer", type);
    }

    public override void Handle(Request request)
    {
        if (request.Name != "receive")
            return;
        var type = request.Text("mime_type");
        using var pipe = request.TakeFd("fd");
        if (_copy is { } copy)
        {
            if (!copy.Types.Contains(type))
                Host.Violate($"{this}.receive: {type} was not offered");
            var end = new SafeFileHandle(Libc.Fcntl(pipe.Handle, Libc.F_DUPFD_CLOEXEC, 0), ownsHandle: true);
            _ = Task.Run(() => Write(new FileStream(end, FileAccess.Write, bufferSize: 0), copy));
        }
        else
            _source!.Tell("send", type, pipe);
    }

    /// <summary>On a thread of its own, as the desktop's program would: the reader may be slow.</summary>
    private static void Write(FileStream pipe, DesktopCopy copy)
    {
        try
        {
            pipe.Write(copy.Content);
        }
        catch (IOException)
        {
            // The reader has closed its end.
        }
        if (copy.NeverEnds)
            s_neverClosed.Add(pipe);
        else
            pipe.Dispose();
    }
}

using System.Buffers.Binary;
using System.Net.Sockets;

namespace Guestplane.Tests.Fakes;

/// <summary>One connection: its objects, and its messages in both directions, checked as libwayland-server does.</summary>
internal sealed class HostClient : IDisposable
{
    private const uint InvalidObject = 0;
    private const uint InvalidMethod = 1;
    private const int HeaderSize = 8;
    private const int MaxMessage = 4096;

    private readonly Queue<HostFd> _fds = new();
    private readonly ObjectMap _objects = new();
    private readonly HostOutbox _outbox;
    private readonly FdSocket _socket;
    private readonly HostObject _display;
    private readonly byte[] _in = new byte[64 * 1024];
    private int _have;

    public HostClient(FakeHost host, Socket socket, int number)
    {
        Host = host;
        Number = number;
        _socket = new FdSocket(socket, host.Fds);
        _outbox = new HostOutbox(_socket);
        _display = Create(1, "wl_display", 1);
    }

    public FakeHost Host { get; }

    /// <summary>1 for the first connection.</summary>
    public int Number { get; }

    public bool Closed { get; private set; }

    public bool WantsToWrite => !_outbox.IsEmpty;

    public int Descriptor => _socket.Descriptor;

    public IEnumerable<T> All<T>()
        where T : HostObject => _objects.All.OfType<T>();

    public HostObject? Find(uint id) => _objects.Find(id);

    public HostObject Create(uint id, string name, int version)
    {
        var model = Host.Protocol[name];
        var made = HostObjects.Create(this, model, id, Math.Min(version, model.Version));
        _objects.Insert(made);
        return made;
    }

    /// <summary>Creates an object that an event announces.</summary>
    public T CreateFromServer<T>(string name, int version)
        where T : HostObject => (T)Create(_objects.ReserveServerId(), name, version);

    /// <summary>Removes an object. Its id is released to the client, as in libwayland, unless the server chose it.</summary>
    public void Remove(HostObject target)
    {
        if (Closed || _objects.Find(target.Id) != target)
            return;
        target.Free();
        _objects.Remove(target.Id);
        if (target.Id < ObjectMap.ServerStart)
            Send(_display, "delete_id", target.Id);
    }

    public void Send(HostObject target, string name, params object?[] values)
    {
        if (Closed)
            return;
        var message = target.Model.Events[name];
        if (message.Since > target.Version)
            throw new InvalidOperationException($"the fake host sends {target}.{name} to version {target.Version}");
        Host.Transcript.Add("", target, message, values);
        var (bytes, fds) = WireWriter.Encode(target.Id, message, values);
        if (!_outbox.Add(bytes, fds))
            Close($"client {Number} does not read its events");
    }

    /// <summary>The same for an error on the display itself.</summary>
    public void PostError(uint code, string text) => PostError(_display, code, text);

    /// <summary>Sends wl_display.error and closes the connection.</summary>
    public void PostError(HostObject target, uint code, string text)
    {
        Send(_display, "error", target, code, text);
        Flush();
        Close();
    }

    public void Flush()
    {
        if (!Closed && !_outbox.Flush())
            Close();
    }

    /// <summary>Processes all that the client has sent so far.</summary>
    public void Read()
    {
        while (!Closed && !Host.Faults.Stall)
        {
            // First the requests that a stall has left here.
            Dispatch();
            if (Closed)
                return;
            int count;
            try
            {
                count = _socket.Receive(_in, _have, _fds);
            }
            catch (IOException e)
            {
                Close(e.Message);
                return;
            }
            if (count < 0)
                return;
            if (count == 0)
            {
                CloseAtEnd();
                return;
            }
            _have += count;
        }
    }

    public void Dispose() => Close();

    public void Close(string? violation = null)
    {
        if (Closed)
            return;
        if (violation is not null)
            Host.Violate(violation);
        Closed = true;
        foreach (var left in _objects.All.ToList())
            left.Free();
        foreach (var fd in _fds)
            fd.Dispose();
        _outbox.Dispose();
        _socket.Dispose();
        Host.Left(this);
    }

    private void CloseAtEnd()
    {
        if (_fds.Count > 0)
            Host.Violate($"{_fds.Count} file descriptors sent with no request that takes them");
        if (_have > 0)
            Host.Violate($"disconnected in the middle of a message, {_have} bytes of it sent");
        Close();
    }

    private void Dispatch()
    {
        var at = 0;
        while (!Closed && !Host.Faults.Stall && _have - at >= HeaderSize)
        {
            var header = BinaryPrimitives.ReadUInt32LittleEndian(_in.AsSpan(at + 4));
            var size = (int)(header >> 16);
            if (size is < HeaderSize or > MaxMessage || size % 4 != 0)
            {
                Refuse(new ProtocolFault(_display, InvalidMethod, $"message of {size} bytes"));
                return;
            }
            if (_have - at < size)
                break;
            var target = BinaryPrimitives.ReadUInt32LittleEndian(_in.AsSpan(at));
            DispatchOne(target, (int)(header & 0xffff), _in.AsSpan(at + HeaderSize, size - HeaderSize));
            at += size;
        }
        Buffer.BlockCopy(_in, at, _in, 0, _have - at);
        _have -= at;
    }

    private void DispatchOne(uint id, int opcode, ReadOnlySpan<byte> body)
    {
        try
        {
            var target = _objects.Find(id)
                ?? throw new ProtocolFault(_display, InvalidObject, $"invalid object {id}");
            if (opcode >= target.Model.Requests.Count || target.Model.Requests[opcode].Since > target.Version)
                throw new ProtocolFault(_display, InvalidMethod, InvalidOpcode(target, opcode));
            Perform(target, target.Model.Requests[opcode], body);
        }
        catch (ProtocolFault fault)
        {
            Refuse(fault);
        }
    }

    private void Perform(HostObject target, MessageModel message, ReadOnlySpan<byte> body)
    {
        var values = Decode(target, message, body);
        Host.Transcript.Add("-> ", target, message, values);
        Host.CountRequest();
        var request = new Request(target, message, values);
        try
        {
            request.CreateObjects();
            target.Handle(request);
            if (message.IsDestructor)
                Remove(target);
        }
        finally
        {
            request.CloseFds();
        }
    }

    private void Refuse(ProtocolFault fault)
    {
        Host.Violate($"{fault.Target}: error {fault.Code}: {fault.Message}");
        PostError(fault.Target, fault.Code, fault.Message);
    }

    private static string InvalidOpcode(HostObject target, int opcode)
    {
        if (opcode >= target.Model.Requests.Count)
            return $"invalid method {opcode}, object {target}";
        var method = target.Model.Requests[opcode];
        return $"invalid method {method.Name} (since {method.Since}), object {target} of version {target.Version}";
    }

    private object?[] Decode(HostObject target, MessageModel message, ReadOnlySpan<byte> body)
    {
        var values = new object?[message.Args.Count];
        try
        {
            var reader = new WireReader(body);
            for (var i = 0; i < values.Length; i++)
                values[i] = DecodeArg(ref reader, message.Args[i]);
            if (!reader.AtEnd)
                throw new FormatException("message too long");
            return values;
        }
        catch (FormatException e)
        {
            foreach (var value in values)
                (value as HostFd)?.Dispose();
            throw new ProtocolFault(_display, InvalidMethod, $"invalid arguments for {target}.{message.Name}: {e.Message}");
        }
    }

    private object? DecodeArg(ref WireReader reader, ArgModel arg) => arg.Type switch
    {
        ArgType.Int => reader.Int(),
        ArgType.UInt => reader.UInt(),
        ArgType.Fixed => reader.Fixed(),
        ArgType.Array => reader.Array(),
        ArgType.String => reader.Text() ?? (arg.AllowNull ? null : throw new FormatException($"{arg.Name} is null")),
        ArgType.Object => DecodeObject(reader.UInt(), arg),
        ArgType.NewId => DecodeNewId(ref reader, arg),
        ArgType.Fd => _fds.TryDequeue(out var fd) ? fd : throw new FormatException("file descriptor expected"),
        _ => throw new InvalidOperationException($"argument type {arg.Type}"),
    };

    private HostObject? DecodeObject(uint id, ArgModel arg)
    {
        if (id == 0)
            return arg.AllowNull ? null : throw new FormatException($"{arg.Name} is null");
        var found = _objects.Find(id) ?? throw new FormatException($"unknown object {id}");
        if (arg.Interface is not null && found.Model.Name != arg.Interface)
            throw new FormatException($"{found} is no {arg.Interface}");
        return found;
    }

    private NewId DecodeNewId(ref WireReader reader, ArgModel arg)
    {
        var name = arg.Interface;
        var version = 0u;
        if (name is null)
        {
            name = reader.Text() ?? throw new FormatException("interface is null");
            version = reader.UInt();
            if (version == 0)
                throw new FormatException("version 0");
        }
        var id = reader.UInt();
        return _objects.CanCreate(id)
            ? new NewId(id, name, version)
            : throw new FormatException($"not a valid new object id {id}");
    }
}

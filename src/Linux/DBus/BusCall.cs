using System.Runtime.InteropServices;
using System.Text;
using static Guestplane.Linux.DBus.Sdbus;

namespace Guestplane.Linux.DBus;

/// <summary>
/// A message that is being written, a call or a reply. It must be disposed, whether sent or not; Send disposes it.
/// </summary>
public unsafe ref struct BusCall
{
    private readonly Bus? _bus;
    private nint _message;

    internal BusCall(Bus? bus, nint message) => (_bus, _message) = (bus, message);

    public readonly BusCall Add(uint value) => Add((byte)'u', &value);

    public readonly BusCall Add(int value) => Add((byte)'i', &value);

    public readonly BusCall Add(ushort value) => Add((byte)'q', &value);

    public readonly BusCall Add(ulong value) => Add((byte)'t', &value);

    public readonly BusCall Add(double value) => Add((byte)'d', &value);

    public readonly BusCall Add(bool value)
    {
        var word = value ? 1 : 0;
        return Add((byte)'b', &word);
    }

    public readonly BusCall Add(ReadOnlySpan<uint> values)
    {
        fixed (uint* p = values)
            BusException.Check(
                sd_bus_message_append_array(_message, (byte)'u', p, (nuint)values.Length * sizeof(uint)), "writing a message");
        return this;
    }

    /// <summary>Adds the path of an object.</summary>
    public readonly BusCall AddPath(string path)
    {
        fixed (byte* p = Bus.ZeroEnded(path))
            return Add((byte)'o', p);
    }

    public readonly BusCall Add(Fd fd)
    {
        var number = fd.Number;
        return Add((byte)'h', &number);
    }

    public readonly BusCall Add(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            BusException.Check(sd_bus_message_append_array(_message, (byte)'y', p, (nuint)bytes.Length), "writing a message");
        return this;
    }

    /// <summary>Adds bytes ('ay') that the caller writes: valid until something else is added.</summary>
    public readonly Span<byte> AddSpace(int bytes)
    {
        void* space;
        BusException.Check(
            sd_bus_message_append_array_space(_message, (byte)'y', (nuint)bytes, &space), "writing a message");
        return new(space, bytes);
    }

    public readonly BusCall Add(string value)
    {
        fixed (byte* p = Bus.ZeroEnded(value))
            return Add((byte)'s', p);
    }

    public readonly BusCall Add(params ReadOnlySpan<string> values)
    {
        Open('a', "s"u8);
        foreach (var value in values)
            Add(value);
        return Close();
    }

    /// <param name="kind">'a', 'e' or 'v'.</param>
    /// <param name="contents">The types inside, a u8 literal.</param>
    public readonly BusCall Open(char kind, ReadOnlySpan<byte> contents)
    {
        fixed (byte* p = contents)
            BusException.Check(sd_bus_message_open_container(_message, (byte)kind, p), "writing a message");
        return this;
    }

    public readonly BusCall Close()
    {
        BusException.Check(sd_bus_message_close_container(_message), "writing a message");
        return this;
    }

    /// <summary>Adds an entry of a dictionary "a{sv}", which is open.</summary>
    public readonly BusCall AddEntry(string key, uint value) =>
        Open('e', "sv"u8).Add(key).Open('v', "u"u8).Add(value).Close().Close();

    /// <inheritdoc cref="AddEntry(string, uint)"/>
    public readonly BusCall AddEntry(string key, ushort value) =>
        Open('e', "sv"u8).Add(key).Open('v', "q"u8).Add(value).Close().Close();

    /// <inheritdoc cref="AddEntry(string, uint)"/>
    public readonly BusCall AddEntry(string key, string value) =>
        Open('e', "sv"u8).Add(key).Open('v', "s"u8).Add(value).Close().Close();

    /// <summary>Sends a reply, or a call without an answer.</summary>
    public void Send()
    {
        if (_bus is not null)
            _ = sd_bus_message_set_expect_reply(_message, 0);
        // Fails if the connection has ended, which Bus.Closed reports.
        _ = sd_bus_send(_bus?.Handle ?? 0, _message, null);
        Dispose();
    }

    /// <summary>
    /// Sends a call. The handler gets the answer or an error; a call that is not answered within <paramref name="withinNs"/> also
    /// ends as an error.
    /// </summary>
    /// <exception cref="BusException">The connection has ended, or its queue is full.</exception>
    public void Send(BusHandler answered, long withinNs)
    {
        try
        {
            _bus!.SendCall(_message, answered, withinNs);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Sends a call whose handler exists already. Allocates nothing.</summary>
    /// <inheritdoc cref="Send(BusHandler, long)"/>
    public void Send(BusAnswer answer, long withinNs)
    {
        try
        {
            _bus!.SendCall(_message, answer, withinNs);
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        if (_message != 0)
            sd_bus_message_unref(_message);
        _message = 0;
    }

    private readonly BusCall Add(byte type, void* value)
    {
        BusException.Check(sd_bus_message_append_basic(_message, type, value), "writing a message");
        return this;
    }
}

/// <summary>A handler for answers that lives as long as its connection (<see cref="Bus.Answer"/>).</summary>
public readonly unsafe struct BusAnswer
{
    internal BusAnswer(void* data) => Data = data;

    internal void* Data { get; }
}

/// <summary>Handles a call, a signal or an answer. For a call, returns whether the handler knows it.</summary>
public delegate bool BusHandler(BusMessage message);

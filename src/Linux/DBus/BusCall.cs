using System.Runtime.InteropServices;
using System.Text;
using static Guestplane.Linux.DBus.Sdbus;

namespace Guestplane.Linux.DBus;

/// <summary>A message being written: a call or a reply. Sent or not, it is disposed.</summary>
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
    /// <param name="contents">Types inside, a u8 literal.</param>
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

    /// <summary>Sends a call whose answer nobody waits for, or a reply.</summary>
    public void Send()
    {
        if (_bus is not null)
            _ = sd_bus_message_set_expect_reply(_message, 0);
        // Fails when the connection has ended, which its owner is told in its own way.
        _ = sd_bus_send(_bus?.Handle ?? 0, _message, null);
        Dispose();
    }

    /// <summary>Sends a call; the handler gets the answer, an error included, also the one that nothing came within <paramref name="withinNs"/>.</summary>
    public void Send(BusHandler answered, long withinNs)
    {
        _bus!.SendCall(_message, answered, withinNs);
        Dispose();
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

/// <summary>Handles a message: a call, a signal, or an answer. For a call: whether it was one that it knows.</summary>
public delegate bool BusHandler(BusMessage message);

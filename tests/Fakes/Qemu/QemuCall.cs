namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A call to a client that expects a reply.</summary>
public sealed class QemuCall
{
    private readonly long _sent = HostClock.Now;
    private long _answered;

    internal QemuCall(string member) => Member = member;

    public string Member { get; }

    /// <summary>The name of the error, if it was one. A listener that closes answers with Disconnected.</summary>
    public string? Error { get; private set; }

    /// <summary>QEMU has given up; an answer may still have arrived later.</summary>
    public bool IsTimedOut { get; private set; }

    public bool IsAnswered => _answered != 0;

    /// <summary>The time from the call to the reply, or to now.</summary>
    public TimeSpan Duration => TimeSpan.FromMicroseconds(((IsAnswered ? _answered : HostClock.Now) - _sent) / 1000);

    internal QemuTimer? Timer { get; set; }

    internal Action<DBusMessage?>? Then { get; set; }

    internal void Answer(DBusMessage? reply, string? error)
    {
        _answered = HostClock.Now;
        Error = error;
        Timer?.Cancel();
        Continue(reply);
    }

    internal void TimeOut()
    {
        IsTimedOut = true;
        Continue(null);
    }

    /// <summary>Called once; null is an error.</summary>
    private void Continue(DBusMessage? reply)
    {
        var then = Then;
        Then = null;
        then?.Invoke(reply);
    }
}

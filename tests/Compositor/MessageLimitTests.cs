using System.Text;
using Guestplane.Compositor;

namespace Guestplane.Tests.Compositor;

/// <summary>What strangers cause the program to say fills no log, and silences it for no longer than an hour.</summary>
public sealed class MessageLimitTests : IDisposable
{
    private const int Most = 200;
    private readonly MemoryStream _said = new();

    private string[] Lines => Encoding.UTF8.GetString(_said.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _said.Dispose();

    [Fact]
    public void What_is_left_out_is_said_once_and_what_was_said_is_not_repeated()
    {
        var messages = new Messages(new StreamWriter(_said) { AutoFlush = true });
        for (var i = 0; i < Most + 10; i++)
            messages.Warn($"Process {i} was refused.");
        messages.Warn("Process 0 was refused.");
        Assert.Equal(Most + 1, Lines.Length);
        Assert.Equal("guestplane: warning: Process 199 was refused.", Lines[^2]);
        Assert.Equal("guestplane: These were 200 messages; others are left out for up to an hour.", Lines[^1]);
    }

    [Fact]
    public void After_the_hour_it_goes_on()
    {
        var messages = new Messages(new StreamWriter(_said) { AutoFlush = true }, hourNs: 0);
        for (var i = 0; i < 2 * Most; i++)
            messages.Warn($"Process {i} was refused.");
        Assert.Equal(2 * Most, Lines.Length);
        Assert.Equal("guestplane: warning: Process 399 was refused.", Lines[^1]);
    }
}

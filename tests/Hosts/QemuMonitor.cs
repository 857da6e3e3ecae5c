using System.Text.Json;

namespace Guestplane.Tests.Hosts;

/// <summary>A QEMU's monitor, after its greeting.</summary>
/// <param name="commands">To it.</param>
/// <param name="answers">From it.</param>
/// <param name="why">Why it says no more.</param>
internal sealed class QemuMonitor(TextWriter commands, TextReader answers, Func<string> why)
{
    /// <summary>A command of QMP's.</summary>
    public JsonElement Execute(string command, object? arguments = null)
    {
        commands.WriteLine(JsonSerializer.Serialize(new { execute = command, arguments = arguments ?? new { } }));
        for (; ; )
        {
            using var line = JsonDocument.Parse(answers.ReadLine() ?? throw new IOException($"QEMU is gone: {why()}"));
            if (line.RootElement.TryGetProperty("error", out var error))
                Assert.Fail($"{command}: {error}");
            if (line.RootElement.TryGetProperty("return", out var answer))
                return answer.Clone();
        }
    }

    /// <summary>What a display shows, by QEMU's own word.</summary>
    /// <param name="file">Where it is kept for a moment.</param>
    /// <param name="device">The display device's id; null: the first.</param>
    /// <param name="head">One of its outputs.</param>
    public Png Screendump(string file, string? device = null, int head = 0)
    {
        Execute("screendump", device is null ? new { filename = file, format = "png" } : new { filename = file, format = "png", device, head });
        return Png.Read(file);
    }
}

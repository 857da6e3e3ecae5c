using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Guestplane.Tests.Hosts;

/// <summary>dbus-monitor on a bus: the method calls that it sees.</summary>
internal sealed partial class BusMonitor : IDisposable
{
    private readonly Process _process;
    private readonly Task _reading;
    private readonly List<string> _calls = [];

    /// <param name="bus">Whose messages.</param>
    /// <param name="rules">Which of them (D-Bus match rules).</param>
    public BusMonitor(PrivateBus bus, params string[] rules)
    {
        Assert.SkipUnless(Tools.Has("dbus-monitor"), "dbus-monitor is not installed");
        _process = Process.Start(new ProcessStartInfo("dbus-monitor", ["--address", bus.Address, .. rules]) { RedirectStandardOutput = true })!;
        // Its first line is of its own name on the bus: it monitors from then on.
        Assert.NotNull(_process.StandardOutput.ReadLine());
        _reading = Read();
    }

    /// <summary>So far, as "SetUIInfo 0 0 0 0 1280 800".</summary>
    public string[] Calls()
    {
        lock (_calls)
            return [.. _calls];
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _reading.Wait(Tools.Patience);
        _process.Dispose();
    }

    private async Task Read()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
            Take(line);
    }

    /// <summary>A call is a line with its member, and then a line for each argument, indented, with its type.</summary>
    private void Take(string line)
    {
        lock (_calls)
            if (Member().Match(line) is { Success: true } member)
                _calls.Add(member.Groups[1].Value);
            else if (Argument().Match(line) is { Success: true } argument && _calls.Count > 0)
                _calls[^1] += $" {argument.Groups[1].Value}";
    }

    [GeneratedRegex(@"^method call .*; member=(\w+)")]
    private static partial Regex Member();

    [GeneratedRegex(@"^ +u?int\d+ (-?\d+)$")]
    private static partial Regex Argument();
}

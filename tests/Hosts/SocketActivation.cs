using System.Diagnostics;

namespace Guestplane.Tests.Hosts;

/// <summary>systemd-socket-activate: as a service manager, it listens at a socket and passes it to the program with the first client.</summary>
internal sealed class SocketActivation : IDisposable
{
    private const string Manager = "systemd-socket-activate";

    private readonly Process _manager;

    /// <summary>Returns when clients can connect. The socket's file is there earlier.</summary>
    /// <param name="socket">Its path.</param>
    /// <param name="arguments">The arguments of the program.</param>
    /// <param name="accept">True to pass each connection in place of the socket, as a unit with Accept=yes does.</param>
    public SocketActivation(string socket, string[] arguments, bool accept = false)
    {
        Assert.SkipUnless(Tools.Has(Manager), $"needs {Manager}");
        var start = new ProcessStartInfo(
            Manager, [.. accept ? ["--accept"] : Array.Empty<string>(), "-l", socket, Repository.Program, .. arguments])
        {
            RedirectStandardError = true,
        };
        _manager = Process.Start(start)!;
        if (SpinWait.SpinUntil(() => Tools.Listens(socket), Tools.Patience))
            return;
        Dispose();
        Assert.Fail($"{Manager} does not listen");
    }

    /// <summary>Reads what it and the program write to standard error, up to a line that begins so; null at its end.</summary>
    public string? FirstLine(string beginning)
    {
        string? line;
        do
            line = _manager.StandardError.ReadLine();
        while (line is not null && !line.StartsWith(beginning, StringComparison.Ordinal));
        return line;
    }

    public void Dispose()
    {
        _manager.Kill();
        _manager.WaitForExit();
        _manager.Dispose();
    }
}

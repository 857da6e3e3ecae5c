using System.CommandLine;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary><c>guestplane pick</c>: what the desktop's menu starts.</summary>
/// <param name="messages">Told why a source is not shown, as the list is.</param>
/// <param name="run">Runs with a loop and a compositor.</param>
/// <param name="start">Runs another command line, to its end.</param>
internal sealed class PickCommand(
    Messages messages, Func<Func<Loop, Func<Host>, ExitCode>, ExitCode> run, Func<string[], int> start)
{
    /// <summary>What the menu started before there was a list.</summary>
    private static readonly string[] s_withoutText = ["show", "qemu:", "--wait"];

    private readonly Option<string> _connection = new("--connect")
    {
        Description = ShowArguments.ConnectionHelp,
        HelpName = "URI",
    };

    public Command Create()
    {
        _connection.CompletionSources.Add(Completions.Connections);
        var command = new Command("pick", "Open a window that lists what can be shown, and show what is chosen there.")
        {
            _connection,
        };
        command.SetAction(parsed => Run(parsed.GetValue(_connection) ?? ConfigFile.Read()?.OfAllSources(_connection.Name[2..])));
        return command;
    }

    private int Run(string? connection)
    {
        if (TextImage.Problem is { } reason)
        {
            messages.Info($"There is no list of VMs: {reason}. This shows the VM of the session bus.");
            return start(s_withoutText);
        }
        for (string? problem = null; Choose(connection, problem) is { } source && !StopSignals.IsAsked;)
        {
            problem = Show(source, connection);
            if (problem is null || StopSignals.IsAsked)
                break;
            messages.Error(problem);
        }
        return (int)ExitCode.Ok;
    }

    private string? Choose(string? connection, string? problem)
    {
        string? source = null;
        run((loop, connect) =>
        {
            source = Picker.Choose(loop, connect, connection, problem, messages);
            return ExitCode.Ok;
        });
        return source;
    }

    /// <returns>Null if the user has ended the show; otherwise why it has ended, which the list then says.</returns>
    private string? Show(string source, string? connection)
    {
        try
        {
            var code = start(["show", source, "--raise", .. connection is null ? (string[])[] : [_connection.Name, connection]]);
            return code == (int)ExitCode.Ok ? null : $"The show of {source} has ended with exit code {code}.";
        }
        catch (ExitException e) when (e.Code == ExitCode.Ok)
        {
            return null;
        }
        catch (Exception e) when (Failure.Of(e) is { Code: not ExitCode.Bug })
        {
            return Failure.Of(e).Lines[0];
        }
    }
}

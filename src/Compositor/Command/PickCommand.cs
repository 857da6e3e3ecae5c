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

    public Command Create()
    {
        var command = new Command("pick", "Open a window that lists what can be shown, and show what is chosen there.");
        command.SetAction(_ => Run());
        return command;
    }

    private int Run()
    {
        if (TextImage.Problem is { } reason)
        {
            messages.Info($"There is no list of VMs: {reason}. This shows the VM of the session bus.");
            return start(s_withoutText);
        }
        for (string? problem = null; Choose(problem) is { } source;)
        {
            problem = Show(source);
            if (problem is null)
                break;
            messages.Error(problem);
        }
        return (int)ExitCode.Ok;
    }

    private string? Choose(string? problem)
    {
        string? source = null;
        run((loop, connect) =>
        {
            source = Picker.Choose(loop, connect, problem, messages);
            return ExitCode.Ok;
        });
        return source;
    }

    /// <returns>Null if the user has ended the show; otherwise why it has ended, which the list then says.</returns>
    private string? Show(string source)
    {
        try
        {
            return start(["show", source, "--raise"]) == 0 ? null : $"{source} is not shown any more.";
        }
        catch (Exception e) when (Failure.Of(e) is { Code: not (ExitCode.Bug or ExitCode.NoHost) })
        {
            return Failure.Of(e).Lines[0];
        }
    }
}

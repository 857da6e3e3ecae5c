using System.CommandLine;
using System.CommandLine.Help;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Linux.DBus;
using Guestplane.Wayland;
using Microsoft.Extensions.DependencyInjection;

namespace Guestplane.Compositor;

/// <summary>The command line, and the only place where the program is put together.</summary>
internal static class Program
{
    public static void Main(string[] args) => ProcessEnd.Exit(ExitCodeOf(args));

    /// <summary>Runs the command. All that it has opened is closed when this returns.</summary>
    private static int ExitCodeOf(string[] args)
    {
        InheritedFds.Begin();
        using var output = new StreamWriter(OutputFile.Standard()) { AutoFlush = true };
        using var errors = new StreamWriter(new StandardStream(StandardStream.Error)) { AutoFlush = true };
        var messages = new Messages(errors);
        ProcessRights.RaiseFileLimit();
        ProcessRights.ReportFileSize();
        StrayFds.Watch();
        try
        {
            return Invoke(args, output, errors, messages);
        }
        catch (Exception e)
        {
            var failure = Failure.Of(e);
            foreach (var line in failure.Lines)
                messages.Error(line);
            return (int)failure.Code;
        }
    }

    private static int Invoke(string[] args, StreamWriter output, StreamWriter errors, Messages messages)
    {
        UsageError.CheckEncoding(args);
        UsageError.CheckCompletion(args);
        (string Name, Func<Command> Create)[] commands =
        [
            ("show", () => ShowCommand.Create(options => Run(messages, options))),
            ("pick", new PickCommand(messages, OnWindow, arguments => Invoke(arguments, output, errors, messages)).Create),
            ("kiosk", () => KioskCommand.Create(options => Run(messages, options))),
            ("share", () => ShareCommand.Create(messages)),
            ("list", () => ListCommand.Create(output, messages)),
            ("probe", () => ProbeCommand.Create(output, messages, OnHost)),
            ("scanout-test", () => ScanoutTestCommand.Create(output, messages, OnHost)),
        ];
        var root = new RootCommand("Shows a virtual machine's display planes on a Wayland desktop as native surfaces.");
        // To declare all of them takes time that the user of one need not wait for.
        var given = Array.FindAll(commands, command => args is [var first, ..] && IsNeeded(command.Name, first));
        foreach (var (_, create) in given is [] ? commands : given)
            root.Add(create());
        root.Options.OfType<VersionOption>().Single().Action = new VersionText(output);
        root.Options.OfType<VersionOption>().Single().Description = "Show the version, and the libraries that are found.";
        var help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Show this.";
        root.Options.OfType<VersionOption>().Single().Aliases.Add("-V");
        // System.CommandLine adds the Windows spellings of --help, which are paths here.
        foreach (var alias in (string[])["/h", "/?"])
            help.Aliases.Remove(alias);
        var parsed = root.Parse(args, CommandOption.Parser);
        if (parsed.GetResult(help) is not null)
            return (int)HelpText.Write(output, parsed);
        if (parsed.Errors.Count > 0)
            throw new ExitException(ExitCode.Usage, UsageError.Of(parsed));
        return parsed.Invoke(new() { EnableDefaultExceptionHandler = false, Output = output, Error = errors });
    }

    /// <summary>The commands that read the configuration file check the names of each other's options there.</summary>
    private static bool IsNeeded(string command, string given) => command == given
        || (ConfigFile.Readers.Contains(command) && ConfigFile.Readers.Contains(given) && ConfigFile.Place is not null);

    /// <summary>Creates the singletons in the order of their dependencies, and disposes them in reverse.</summary>
    private static ExitCode Run(Messages messages, ShowOptions options)
    {
        messages.Verbosity = options.Verbosity;
        messages.Detail($"This is {ProgramName.Text}.");
        options.Settings.ForEach(messages.Detail);
        using var services = new ServiceCollection()
            .AddSingleton(messages)
            .AddSingleton(options)
            .AddSingleton<Loop>()
            .AddSingleton(provider => Sources.Slot(options, provider.GetRequiredService<Loop>(), messages))
            .AddSingleton(provider =>
                Connect(provider.GetRequiredService<Loop>(), provider.GetRequiredService<GuestSlot>(), options, messages))
            .AddSingleton(_ => new GuestLayout(options.GuestLayout, messages))
            .AddSingleton<Seats>()
            .AddSingleton<Show>()
            .BuildServiceProvider();
        var loop = services.GetRequiredService<Loop>();
        StopSignals.On(loop);
        using var single = options.IsSingle ? SingleWindow.Claim(loop, options.Source) : null;
        if (options.IsSingle && single is null)
        {
            messages.Info($"{options.Source} is shown already. Its window is raised.");
            return ExitCode.Ok;
        }
        using var manager = ServiceManager.Start(loop);
        var guest = services.GetRequiredService<GuestSlot>();
        // Opened before the connection, so that a missing source is reported first. One that is waited for has a splash.
        if (options.Splash is { } splash)
            Splash.Check(splash);
        else
            guest.Open();
        if (loop.Stopped)
            return options.Require.IsGiven ? throw Interrupted(options) : ExitCode.Ok;
        var show = services.GetRequiredService<Show>();
        messages.Detail($"The compositor is {services.GetRequiredService<Seats>().Host.Name}.");
        show.Ready += () => manager?.Ready();
        single?.Attach(show.Raise);
        return show.Run();
    }

    /// <summary>Runs a command with a loop and, when it calls for one, a compositor.</summary>
    private static ExitCode OnHost(Func<Loop, Func<Host>, ExitCode> run) => OnHost(run, isFramed: false);

    /// <summary>As <see cref="OnHost(Func{Loop, Func{Host}, ExitCode})"/>, for windows that have a frame.</summary>
    private static ExitCode OnWindow(Func<Loop, Func<Host>, ExitCode> run) => OnHost(run, isFramed: true);

    private static ExitCode OnHost(Func<Loop, Func<Host>, ExitCode> run, bool isFramed)
    {
        using var services = new ServiceCollection()
            .AddSingleton<Loop>()
            .AddSingleton(provider => Host.Connect(provider.GetRequiredService<Loop>(), isFramed: isFramed))
            .BuildServiceProvider();
        var loop = services.GetRequiredService<Loop>();
        StopSignals.On(loop);
        return run(loop, services.GetRequiredService<Host>);
    }

    /// <summary>The user ended the show before it began.</summary>
    private static ExitException Interrupted(ShowOptions options) =>
        new(options.Require.IsGiven ? ExitCode.RequirementNotMet : ExitCode.Ok, "Interrupted.");

    private static Host Connect(Loop loop, GuestSlot guest, ShowOptions options, Messages messages)
    {
        if (!options.Reconnect)
            return Host.Connect(loop, isFramed: options.IsFramed);
        guest.Changed += StopIfGone;
        var host = Host.Await(loop, options.IsFramed, sentence => messages.Info($"{sentence} Waiting for one."));
        guest.Changed -= StopIfGone;
        if (guest.State != GuestState.Gone)
            return host ?? throw Interrupted(options);
        host?.Dispose();
        throw new ExitException(ExitCode.GuestLost, guest.Problem);

        void StopIfGone()
        {
            if (guest.State == GuestState.Gone)
                loop.Stop();
        }
    }
}

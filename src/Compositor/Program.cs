using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;
using System.Runtime.InteropServices;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;
using Microsoft.Extensions.DependencyInjection;

namespace Guestplane.Compositor;

/// <summary>The command line, and the one place where the program is put together.</summary>
internal static class Program
{
    /// <summary>"guestplane 0.1.0".</summary>
    public static string Name { get; } =
        $"guestplane {typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}";

    public static int Main(string[] args)
    {
        using var output = new StreamWriter(new StandardStream(StandardStream.Output)) { AutoFlush = true };
        using var errors = new StreamWriter(new StandardStream(StandardStream.Error)) { AutoFlush = true };
        var messages = new Messages(errors);
        var root = new RootCommand("Shows a virtual machine's display planes on a Wayland desktop as native surfaces.")
        {
            ShowCommand.Create(options => Run(messages, options)),
            KioskCommand.Create(options => Run(messages, options)),
            ListCommand.Create(output),
            ProbeCommand.Create(output, messages, OnHost),
            ScanoutTestCommand.Create(output, messages, OnHost),
        };
        root.Options.OfType<VersionOption>().Single().Action = new VersionText(output);
        // Windows' spellings, here a folder's.
        foreach (var alias in (string[])["/h", "/?"])
            root.Options.OfType<HelpOption>().Single().Aliases.Remove(alias);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                messages.Info(error.Message);
            return (int)ExitCode.Usage;
        }
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = errors };
        return (int)Guard(messages, () => (ExitCode)parsed.Invoke(invocation));
    }

    /// <summary>Ten-odd singletons, made in the order in which they need each other and disposed in reverse.</summary>
    private static ExitCode Run(Messages messages, ShowOptions options)
    {
        while (true)
        {
            try
            {
                return RunOnce(messages, options);
            }
            catch (WaylandException e) when (options.Reconnect && e.IsHostGone)
            {
                // Before there was a guest to show; a show waits by itself.
                messages.Info("The Wayland host went away. Waiting for one.");
            }
        }
    }

    private static ExitCode RunOnce(Messages messages, ShowOptions options)
    {
        using var services = new ServiceCollection()
            .AddSingleton(messages)
            .AddSingleton(options)
            .AddSingleton<Loop>()
            .AddSingleton(provider => Sources.Open(options, provider.GetRequiredService<Loop>(), messages))
            .AddSingleton(provider => Connect(provider.GetRequiredService<Loop>(), options, messages))
            .AddSingleton(provider => new Splash(provider.GetRequiredService<Host>(), options.Splash!, options.Output, options.TakePointer))
            .AddSingleton<Show>()
            .BuildServiceProvider();
        var loop = services.GetRequiredService<Loop>();
        using var interrupt = StopOn(PosixSignal.SIGINT, loop);
        using var terminate = StopOn(PosixSignal.SIGTERM, loop);
        using var manager = ServiceManager.Start(loop);
        var splash = options.Splash is null ? null : services.GetRequiredService<Splash>();
        if (splash is not null)
            manager?.Ready();
        // A source that is not there is said before a host is asked for; with a splash there is a host already.
        services.GetRequiredService<IGuest>();
        if (loop.Stopped)
            return ExitCode.Ok;
        var show = services.GetRequiredService<Show>();
        show.FirstShown += () =>
        {
            splash?.Dispose();
            manager?.Ready();
        };
        return show.Run();
    }

    /// <summary>What shows guests in its own way, or none: a loop, and a host once it is asked for.</summary>
    private static ExitCode OnHost(Func<Loop, Func<Host>, ExitCode> run)
    {
        using var services = new ServiceCollection()
            .AddSingleton<Loop>()
            .AddSingleton(provider => Host.Connect(provider.GetRequiredService<Loop>()))
            .BuildServiceProvider();
        var loop = services.GetRequiredService<Loop>();
        using var interrupt = StopOn(PosixSignal.SIGINT, loop);
        using var terminate = StopOn(PosixSignal.SIGTERM, loop);
        return run(loop, services.GetRequiredService<Host>);
    }

    private static Host Connect(Loop loop, ShowOptions options, Messages messages) => !options.Reconnect ? Host.Connect(loop, isFramed: options.IsFramed)
        : Host.Await(loop, options.IsFramed, sentence => messages.Info($"{sentence} Waiting for one.")) ?? throw new ExitException(ExitCode.Ok, "Interrupted.");

    private static PosixSignalRegistration StopOn(PosixSignal signal, Loop loop) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        loop.Stop();
    });

    /// <summary>Whatever ends the program early, as one sentence and its code.</summary>
    private static ExitCode Guard(Messages messages, Func<ExitCode> run)
    {
        try
        {
            return run();
        }
        catch (ExitException e)
        {
            return End(messages, e.Code, e.Message);
        }
        catch (SourceException e)
        {
            return End(messages, Code(e.Fault), e.Message);
        }
        catch (WaylandException e) when (e.IsHostGone)
        {
            return End(messages, ExitCode.NoHost, $"The Wayland host went away: {e.Message}.");
        }
        catch (WaylandException e) when (!e.IsProtocolError)
        {
            return End(messages, ExitCode.Bug, $"guestplane cannot go on: {e.Message}.");
        }
        catch (WaylandException e)
        {
            return End(messages, ExitCode.Bug, $"This is a bug of guestplane: {e.Message}. Our last requests: {string.Join(", ", e.LastRequests)}.");
        }
        catch (Exception e)
        {
            return End(messages, ExitCode.Bug, $"This is a bug of guestplane: {e.GetType().Name}: {e.Message} {e.StackTrace?.Trim().Split('\n')[0]}");
        }
    }

    private static ExitCode End(Messages messages, ExitCode code, string sentence)
    {
        messages.Info(sentence);
        return code;
    }

    private static ExitCode Code(SourceFault fault) => fault switch
    {
        SourceFault.Usage => ExitCode.Usage,
        SourceFault.NotThere => ExitCode.NoSource,
        SourceFault.NotPermitted => ExitCode.NotPermitted,
        _ => ExitCode.GuestLost,
    };
}

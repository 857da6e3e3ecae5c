using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
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
            ShowCommand(messages),
            ListCommand(output),
        };
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

    private static Command ShowCommand(Messages messages)
    {
        var source = new Argument<string>("source") { Description = "What to show:\n" + Sources.Help };
        var fullscreen = new Option<bool>("--fullscreen") { Description = "Fill the screen." };
        var transport = Choice<Transport?>("--transport", "Use only this transport", ("dmabuf", Compositor.Transport.DmaBuf), ("shm", Compositor.Transport.Shm), ("copy", Compositor.Transport.Copy));
        var cursor = Choice("--cursor", "How the cursor plane is shown", ("auto", CursorMode.Auto), ("subsurface", CursorMode.Subsurface), ("pointer", CursorMode.Pointer), ("none", CursorMode.None));
        var scale = Choice("--scale", "Fit the image into the window, or show one pixel on one", ("fit", ScaleMode.Fit), ("1:1", ScaleMode.Unscaled));
        var console = new Option<uint?>("--console") { Description = "Of a VM with several, show only this console (see guestplane list)." };
        var wait = new Option<bool>("--wait") { Description = "When the VM ends, keep its last image, dimmed, until it is there again." };
        var keepSize = new Option<bool>("--fixed") { Description = "Scale the guest to the window, instead of asking it to follow the window's size." };
        var noClipboard = new Option<bool>("--no-clipboard") { Description = "Keep the guest from the desktop's clipboard, and the desktop from the guest's." };
        var edid = new Option<string?>("--edid") { Description = $"Plug a monitor into the vGPU: {Edid.Help}." };
        var frames = new Option<long?>("--frames") { Description = "End after so many flips." };
        var seconds = new Option<double?>("--seconds") { Description = "End after so long." };
        var report = new Option<string?>("--report") { Description = "Write a JSON report to this file at the end." };
        var ready = new Option<int?>("--ready-fd") { Description = "Write a newline to this descriptor when the first frame is on screen." };
        var require = new Option<string?>("--require") { Description = $"Exit with 1 unless: {Requirements.Help}." };
        var command = new Command("show", "Show a guest.") { source, fullscreen, transport, cursor, scale, console, wait, keepSize, noClipboard, edid, frames, seconds, report, ready, require };
        command.SetAction(parsed => (int)Run(messages, new ShowOptions
        {
            Source = parsed.GetValue(source)!,
            Fullscreen = parsed.GetValue(fullscreen),
            Transport = parsed.GetValue(transport),
            Cursor = parsed.GetValue(cursor),
            Scale = parsed.GetValue(scale),
            Console = parsed.GetValue(console),
            Wait = parsed.GetValue(wait),
            Clipboard = !parsed.GetValue(noClipboard),
            Fixed = parsed.GetValue(keepSize),
            Edid = parsed.GetValue(edid) is { } monitor ? Edid.Parse(monitor) : null,
            Frames = InRange(parsed.GetValue(frames), "--frames"),
            Seconds = InRange(parsed.GetValue(seconds), "--seconds"),
            Report = parsed.GetValue(report) is { } path ? CreateReport(path) : null,
            Ready = parsed.GetValue(ready) is { } number ? OwnReady(number) : null,
            Require = parsed.GetValue(require) is { } required ? Requirements.Parse(required) : Requirements.None,
        }));
        return command;
    }

    private static Command ListCommand(TextWriter output)
    {
        var command = new Command("list", "List the vGPUs of this machine and what their planes show, and the VMs and their consoles.");
        command.SetAction(_ =>
        {
            using var loop = new Loop();
            var (vgpus, vms) = (VfioInventory.Describe().ToList(), QemuInventory.Describe(loop).ToList());
            foreach (var line in vgpus.Count > 0 ? vgpus : ["No vGPU: there is no device in /sys/bus/mdev/devices, and none that vfio has bound."])
                output.WriteLine(line);
            foreach (var line in vms.Count > 0 ? vms : ["No VM: no QEMU with -display dbus is on the session bus, runs as a process that we may see, or is libvirt's."])
                output.WriteLine(line);
        });
        return command;
    }

    /// <summary>Ten-odd singletons, made in the order in which they need each other and disposed in reverse.</summary>
    private static ExitCode Run(Messages messages, ShowOptions options)
    {
        using var services = new ServiceCollection()
            .AddSingleton(messages)
            .AddSingleton(options)
            .AddSingleton<Loop>()
            .AddSingleton(provider => Sources.Open(options, provider.GetRequiredService<Loop>(), messages))
            .AddSingleton(provider => Host.Connect(provider.GetRequiredService<Loop>()))
            .AddSingleton<Show>()
            .BuildServiceProvider();
        var loop = services.GetRequiredService<Loop>();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        // A source that is not there is said before a host is asked for.
        services.GetRequiredService<IGuest>();
        if (loop.Stopped)
            return ExitCode.Ok;
        return services.GetRequiredService<Show>().Run();

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            loop.Stop();
        }
    }

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

    /// <summary>An option with a closed set of words, which --help and errors spell as the user types them.</summary>
    private static Option<T> Choice<T>(string name, string what, params (string Word, T Value)[] choices) => new(name)
    {
        Description = $"{what}.",
        HelpName = string.Join("|", choices.Select(c => c.Word)),
        CustomParser = result =>
        {
            var word = result.Tokens[^1].Value;
            var index = Array.FindIndex(choices, c => c.Word == word);
            if (index < 0)
                result.AddError($"{name} takes {string.Join(", ", choices.Select(c => c.Word))}, and not \"{word}\".");
            return index < 0 ? default! : choices[index].Value;
        },
    };

    /// <summary>Up to thirty years of frames or seconds; deadlines are in ns, and must not overflow.</summary>
    private static T? InRange<T>(T? number, string option) where T : struct, System.Numerics.INumber<T>
    {
        if (number is not { } value || (value > T.Zero && value <= T.CreateChecked(1_000_000_000)))
            return number;
        throw new ExitException(ExitCode.Usage, $"{option} takes a number above 0, and up to 1000000000.");
    }

    /// <summary>Before the show: at its end would be a bad moment to learn that it cannot be written.</summary>
    private static FileStream CreateReport(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ExitException(ExitCode.Usage, $"The report cannot be written to \"{path}\": see that its folder is there, and that you may write to it.");
        }
    }

    private static Fd OwnReady(int number)
    {
        try
        {
            return Fd.Own(number);
        }
        catch (LinuxException)
        {
            throw new ExitException(ExitCode.Usage, $"--ready-fd {number} is not open: whoever starts guestplane must leave it open, as in: guestplane … --ready-fd 3 3>FILE.");
        }
    }
}

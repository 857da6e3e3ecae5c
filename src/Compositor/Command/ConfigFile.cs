using System.CommandLine;
using System.Text;
using Guestplane.Gvt;
using Guestplane.Linux;
using ShowSetting = Guestplane.Compositor.Setting<Guestplane.Compositor.ShowOptions>;

namespace Guestplane.Compositor;

/// <summary>
/// The user's guestplane.conf: lines "KEY=VALUE" with the names of show's and kiosk's options, for all sources, and below a line
/// "[SOURCE]" for that one. The command line wins over it.
/// </summary>
internal sealed class ConfigFile
{
    private const string Name = "guestplane.conf";

    /// <summary>More is no file that a person has written.</summary>
    private const int MostBytes = 1 << 20;

    private static readonly string[] s_yes = ["yes", "true", "on"], s_no = ["no", "false", "off"];

    private readonly string _path;
    private readonly List<Line> _lines = [];

    private ConfigFile(string path, string text)
    {
        _path = path;
        var (section, number) = ((string?)null, 0);
        foreach (var line in text.Split('\n').Select(line => line.Trim()))
        {
            number++;
            if (line.Length == 0 || line[0] is '#' or ';')
                continue;
            if (line[0] == '[')
                section = line.Length > 2 && line[^1] == ']' ? line[1..^1].Trim()
                    : throw Fault(number, $"\"{line}\" is no section; its form is [SOURCE]");
            else
                Add(section, line, number);
        }
    }

    /// <summary>The commands that read the file.</summary>
    public static string[] Readers { get; } = ["show", "kiosk"];

    /// <summary>The file in XDG_CONFIG_HOME or ~/.config; null if there is none.</summary>
    public static string? Place
    {
        get
        {
            var folder = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { } set && Path.IsPathRooted(set) ? set
                : Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home ? Path.Combine(home, ".config") : null;
            return folder is not null && Path.Combine(folder, Name) is var path && Path.Exists(path) ? path : null;
        }
    }

    private sealed record Line(string? Section, string Key, string Value, int Number);

    /// <summary>Reads the file; null if there is none.</summary>
    /// <exception cref="ExitException">Usage: it cannot be read, or a line is wrong.</exception>
    public static ConfigFile? Read()
    {
        if (Place is not { } path)
            return null;
        try
        {
            // Opening a FIFO would wait for its writer.
            if (!FileOwner.IsRegular(path) || new FileInfo(path).Length > MostBytes)
                throw new ExitException(ExitCode.Usage, $"{path} is no regular file, or has more than {MostBytes >> 20} MiB.");
            return new(path, File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExitException(ExitCode.Usage, $"{path} cannot be read: {Failure.Cause(e)}.");
        }
        catch (DecoderFallbackException)
        {
            throw new ExitException(ExitCode.Usage, $"{path} is not UTF-8.");
        }
    }

    /// <summary>What a line for all sources says; null if there is none.</summary>
    public string? OfAllSources(string key) => _lines.Find(line => line.Section is null && line.Key == key)?.Value;

    /// <summary>Checks all lines, and applies those for the source whose options are not on the command line.</summary>
    /// <param name="settings">Of the command.</param>
    /// <param name="given">The command line.</param>
    /// <param name="source">The source as the user wrote it.</param>
    /// <param name="start">The command's defaults.</param>
    /// <exception cref="ExitException">Usage: a line is wrong.</exception>
    public ShowOptions Apply(IReadOnlyList<ShowSetting> settings, ParseResult given, string source, ShowOptions start)
    {
        var wanted = new Dictionary<string, Line>();
        foreach (var line in _lines)
        {
            Check(line, given);
            // A section's line replaces one for all sources, wherever it stands.
            if (line.Section == source || (line.Section is null && wanted.GetValueOrDefault(line.Key)?.Section is null))
                wanted[line.Key] = line;
        }
        foreach (var setting in settings)
            if (wanted.TryGetValue(setting.Option.Name[2..], out var line) && !setting.IsGiven(given))
                start = Apply(setting, line, given, source, start);
        return start;
    }

    private ShowOptions Apply(ShowSetting setting, Line line, ParseResult given, string source, ShowOptions start)
    {
        try
        {
            var parsed = Parse(given.CommandResult.Command, setting.Option, line, source);
            start.Settings.Add($"{_path}:{line.Number}: {line.Key}={line.Value}");
            return setting.Apply(start, parsed);
        }
        catch (Exception e) when (e is ExitException or SourceException)
        {
            throw new ExitException((e as ExitException)?.Code ?? ExitCode.Usage, $"{_path}:{line.Number}: {e.Message}");
        }
    }

    /// <summary>The option may be one of the other command only: both read this file.</summary>
    private void Check(Line line, ParseResult given)
    {
        var commands = given.RootCommandResult.Command.Subcommands.Where(command => Readers.Contains(command.Name)).ToList();
        foreach (var command in commands)
            if (command.Options.FirstOrDefault(option => option.Name == $"--{line.Key}") is { } option)
            {
                _ = Parse(command, option, line, "pattern");
                return;
            }
        var known = commands.SelectMany(command => command.Options).Select(option => option.Name[2..]).Distinct();
        throw Fault(line.Number, $"there is no option \"{line.Key}\""
            + (Spelling.Nearest(line.Key, known) is { } near ? $"; did you mean {near}" : "") + "; see man guestplane.conf");
    }

    private ParseResult Parse(Command command, Option option, Line line, string source)
    {
        var value = option.ValueType != typeof(bool) ? line.Value
            : s_yes.Contains(line.Value) ? "true"
            : s_no.Contains(line.Value) ? "false"
            : throw Fault(line.Number, $"{line.Key} takes yes or no, and not \"{line.Value}\"");
        var parsed = command.Parse([source, $"{option.Name}={value}"], CommandOption.Parser);
        return parsed.Errors.Count == 0 ? parsed : throw Fault(line.Number, UsageError.Of(parsed).TrimEnd('.'));
    }

    private void Add(string? section, string line, int number)
    {
        var equals = line.IndexOf('=');
        if (equals < 1)
            throw Fault(number, $"\"{line}\" has no value; the form of a line is KEY=VALUE");
        var (key, value) = (line[..equals].TrimEnd(), line[(equals + 1)..].TrimStart());
        if (_lines.Find(other => other.Section == section && other.Key == key) is { } before)
            throw Fault(number, $"{key} is set in line {before.Number} already");
        _lines.Add(new(section, key, value, number));
    }

    private ExitException Fault(int number, string clause) => new(ExitCode.Usage, $"{_path}:{number}: {clause}.");
}

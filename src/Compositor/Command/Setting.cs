using System.CommandLine;
using System.CommandLine.Parsing;

namespace Guestplane.Compositor;

/// <summary>A command-line option, and how it changes a command's request.</summary>
internal sealed class Setting<T>
{
    private readonly Func<T, ParseResult, T> _apply;

    private Setting(Option option, Func<T, ParseResult, T> apply) => (Option, _apply) = (option, apply);

    public Option Option { get; }

    /// <summary>An option without a value.</summary>
    /// <param name="alias">Its one letter: "-f".</param>
    public static Setting<T> Flag(string name, string what, Func<T, T> set, params string[] alias)
    {
        var option = new Option<bool>(name, alias) { Description = what };
        return new(option, (asked, parsed) => parsed.GetValue(option) ? set(asked) : asked);
    }

    /// <param name="set">Applies the value. May throw an <see cref="ExitException"/> for a bad one.</param>
    /// <param name="parse">Parses a value that is more than a text or a number; adds an error if it cannot.</param>
    /// <param name="form">The value's name in --help. Null: the option's.</param>
    public static Setting<T> Value<TValue>(
        string name, string what, Func<T, TValue, T> set, Func<ArgumentResult, TValue>? parse = null, string? form = null)
    {
        var option = new Option<TValue>(name) { Description = what, CustomParser = parse, HelpName = form };
        return new(option, (asked, parsed) => set(asked, parsed.GetValue(option)!));
    }

    /// <summary>An option whose value is a text of at least one character.</summary>
    public static Setting<T> Text(string name, string what, Func<T, string, T> set, string form) =>
        Value(name, what, set, result => CommandOption.NonEmpty(result, form), form);

    /// <summary>An option with a closed set of words, spelled in --help and errors as the user types them.</summary>
    public static Setting<T> Choice<TValue>(
        string name, string what, Func<T, TValue, T> set, params (string Word, TValue Value)[] choices)
    {
        var words = choices.Select(choice => choice.Word).ToArray();
        var setting = Value(name, what, set, Parse, string.Join("|", words));
        // The default completions are the enum's names.
        setting.Option.CompletionSources.Clear();
        setting.Option.CompletionSources.Add(words);
        return setting;

        TValue Parse(ArgumentResult result)
        {
            var index = Array.IndexOf(words, result.Tokens[^1].Value);
            if (index < 0)
                CommandOption.Reject(result, string.Join(", ", words));
            return index < 0 ? default! : choices[index].Value;
        }
    }

    public bool IsGiven(ParseResult parsed) => parsed.GetResult(Option) is { Implicit: false };

    /// <summary>Applies the option; returns the request unchanged if it was not given.</summary>
    public T Apply(T asked, ParseResult parsed) => IsGiven(parsed) ? _apply(asked, parsed) : asked;
}

/// <summary>The options of a command.</summary>
internal static class Settings
{
    public static void AddTo<T>(this IEnumerable<Setting<T>> settings, Command command)
    {
        foreach (var setting in settings)
            command.Options.Add(setting.Option);
    }

    /// <summary>Applies all given options to the command's defaults.</summary>
    /// <exception cref="ExitException">Usage.</exception>
    public static T Read<T>(this IEnumerable<Setting<T>> settings, ParseResult parsed, T start) =>
        settings.Aggregate(start, (asked, setting) => setting.Apply(asked, parsed));
}

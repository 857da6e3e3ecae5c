using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>Says in one sentence what is wrong with a command line, and what to write instead.</summary>
internal static class UsageError
{
    /// <summary>The sentence for a command line that was parsed with errors.</summary>
    public static string Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var help = command is RootCommand ? "guestplane --help" : $"guestplane {command.Name} --help";
        var words = parsed.CommandResult.Tokens.Select(token => token.Value).Concat(parsed.UnmatchedTokens).ToList();
        if (words.Find(IsOption) is { } option)
            return command.Options.Any(known => known.Name == option.Split('=')[0])
                ? $"{option} must follow guestplane {command.Name}, and stand before any \"--\"; see {help}."
                : $"There is no option {option}{Guess(option, command.Options.Select(known => known.Name), help)}";
        var error = parsed.Errors[0];
        return error.SymbolResult switch
        {
            _ when command is RootCommand => words.Count == 0 ? $"Usage: guestplane COMMAND [SOURCE] [OPTIONS], where COMMAND is "
                + $"{string.Join(", ", command.Subcommands.Select(known => known.Name))}; see {help}."
                : $"There is no command \"{words[0]}\"{Guess(words[0], command.Subcommands.Select(known => known.Name), help)}",
            OptionResult { Tokens.Count: 0 } lacking => $"{lacking.Option.Name} needs a value; see {help}.",
            OptionResult { Tokens.Count: > 1, Option.Arity.MaximumNumberOfValues: 1 } repeated =>
                $"{repeated.Option.Name} is given more than once.",
            _ when parsed.UnmatchedTokens.Count > 0 => $"\"{parsed.UnmatchedTokens[0]}\" is one word too many; see {help}.",
            _ when words.Count == 0 && command.Arguments is [{ Arity.MinimumNumberOfValues: > 0 }] =>
                $"guestplane {command.Name} needs a source, such as pattern or qemu:; see {help}.",
            _ => error.Message,
        };
    }

    /// <summary>Rejects a misspelled option that stands where a source belongs.</summary>
    public static void RejectOption(ArgumentResult result)
    {
        if (result.Tokens.Count > 0 && IsOption(result.Tokens[0].Value))
            result.AddError(result.Tokens[0].Value);
    }

    /// <summary>.NET replaces the bytes of an argument that are not UTF-8, so a file would have another name.</summary>
    /// <exception cref="ExitException">Usage: an argument is not UTF-8.</exception>
    public static void CheckEncoding(string[] args)
    {
        if (Array.Find(args, arg => arg.Contains('\uFFFD', StringComparison.Ordinal)) is not { } suspect)
            return;
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(File.ReadAllBytes("/proc/self/cmdline"));
        }
        catch (DecoderFallbackException)
        {
            throw new ExitException(ExitCode.Usage, $"The argument \"{suspect}\" is not UTF-8: rename the file.");
        }
    }

    /// <summary>System.CommandLine fails on a position of a completion, "[suggest:N]", that is no number.</summary>
    /// <exception cref="ExitException">Usage.</exception>
    public static void CheckCompletion(string[] args)
    {
        const string Begin = "[suggest:";
        if (args is [['[', ..] word, ..] && word.StartsWith(Begin, StringComparison.Ordinal)
            && !int.TryParse(word[Begin.Length..].TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new ExitException(ExitCode.Usage, $"\"{word}\" has no position: the form is [suggest:N].");
    }

    private static bool IsOption(string word) => word.Length > 1 && word[0] == '-';

    /// <summary>The end of a sentence about an unknown word.</summary>
    private static string Guess(string word, IEnumerable<string> known, string help) =>
        Spelling.Nearest(word.Split('=')[0], known) is { } near ? $"; did you mean {near}? See {help}." : $"; see {help}.";
}

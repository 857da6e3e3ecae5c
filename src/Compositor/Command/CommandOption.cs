using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Option values that several commands read.</summary>
internal static class CommandOption
{
    /// <summary>More than thirty years of seconds: a deadline in ns does not overflow.</summary>
    private const int Most = 1_000_000_000;

    /// <summary>How words are read. None is the name of a file with further words ("@FILE"): a title may begin so.</summary>
    public static ParserConfiguration Parser => new() { ResponseFileTokenReplacer = null };

    /// <summary>Parses a number above 0. A comma is rejected: some write it for a thousand, others for a fraction.</summary>
    public static double Number(ArgumentResult result) => Number(result, Most);

    /// <inheritdoc cref="Number(ArgumentResult)"/>
    public static double Number(ArgumentResult result, double most)
    {
        const NumberStyles Form = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (double.TryParse(Text(result), Form, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most)
            return number;
        Reject(result, string.Create(CultureInfo.InvariantCulture, $"a number above 0 and up to {most}, such as 2.5"));
        return default;
    }

    /// <summary>Parses a count of at least 1.</summary>
    public static int Count(ArgumentResult result) => Whole(result, 1);

    /// <summary>Parses a number of a thing, of at least 0.</summary>
    public static int Index(ArgumentResult result) => Whole(result, 0);

    /// <summary>Rejects an empty text, which a script's empty variable leaves.</summary>
    public static string NonEmpty(ArgumentResult result, string form)
    {
        if (Text(result).Length == 0)
            Reject(result, form);
        return Text(result);
    }

    /// <summary>The words of a list. An option of such a value that is given again adds to it.</summary>
    public static IEnumerable<string> Words(ArgumentResult result) =>
        result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Adds an error that names the option, what it takes, and what it was given.</summary>
    public static void Reject(ArgumentResult result, string taken) =>
        result.AddError($"{((OptionResult)result.Parent!).Option.Name} takes {taken}, and not \"{Text(result)}\".");

    private static string Text(ArgumentResult result) => result.Tokens[^1].Value;

    private static int Whole(ArgumentResult result, int least)
    {
        if (int.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= Most)
            return number;
        Reject(result, $"a whole number from {least} to {Most}");
        return default;
    }

    /// <summary>Creates a file for the end of the run. A file that cannot be written is reported now.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">The beginning of an error sentence: "The report".</param>
    /// <param name="patienceMs">How long a pipe's reader is waited for; 0 for what is written during the show.</param>
    public static OutputFile File(string path, string what, int patienceMs = 5000) => OutputFile.Create(path, what, patienceMs);

    /// <summary>Takes ownership of a descriptor that the program inherited.</summary>
    public static Fd Descriptor(int number, string option)
    {
        try
        {
            return InheritedFds.Take(number);
        }
        catch (LinuxException)
        {
            throw new ExitException(ExitCode.Usage, $"{option} {number} is not open: whoever starts guestplane must leave it "
                + $"open, as in: guestplane … {option} 3 3>FILE.");
        }
    }
}

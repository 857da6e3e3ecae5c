using System.CommandLine;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>What the commands' options have in common.</summary>
internal static class CommandOption
{
    /// <summary>An option with a closed set of words, which --help and errors spell as the user types them.</summary>
    public static Option<T> Choice<T>(string name, string what, params (string Word, T Value)[] choices)
    {
        var words = choices.Select(c => c.Word).ToArray();
        var option = new Option<T>(name)
        {
            Description = $"{what}.",
            HelpName = string.Join("|", words),
            CustomParser = result =>
            {
                var word = result.Tokens[^1].Value;
                var index = Array.IndexOf(words, word);
                if (index < 0)
                    result.AddError($"{name} takes {string.Join(", ", words)}, and not \"{word}\".");
                return index < 0 ? default! : choices[index].Value;
            },
        };
        // By itself it completes to the enum's names.
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>Up to thirty years of frames or seconds; deadlines are in ns, and must not overflow.</summary>
    public static T? InRange<T>(T? number, string option) where T : struct, System.Numerics.INumber<T>
    {
        if (number is not { } value || (value > T.Zero && value <= T.CreateChecked(1_000_000_000)))
            return number;
        throw new ExitException(ExitCode.Usage, $"{option} takes a number above 0, and up to 1000000000.");
    }

    /// <summary>A file to write at the end, opened now: at the end would be a bad moment to learn that it cannot be written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What is to be written, as a sentence begins with it.</param>
    public static FileStream File(string path, string what)
    {
        try
        {
            return System.IO.File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ExitException(ExitCode.Usage, $"{what} cannot be written to \"{path}\": see that its folder is there, and that you may write to it.");
        }
    }

    /// <summary>A descriptor that whoever started the program has left open for it.</summary>
    public static Fd Descriptor(int number, string option)
    {
        try
        {
            return Fd.Own(number);
        }
        catch (LinuxException)
        {
            throw new ExitException(ExitCode.Usage, $"{option} {number} is not open: whoever starts guestplane must leave it open, as in: guestplane … {option} 3 3>FILE.");
        }
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Guestplane.Tests.House;

/// <summary>The compiler's list of methods that belong together (bench/order) fits the program that is built.</summary>
public sealed class MethodOrderTests
{
    /// <summary>Unix pages, in bytes.</summary>
    private const long Page = 4096;

    private static readonly string s_list = Path.Combine(Repository.Root, "src", "Compositor", "methods.order");

    /// <summary>Sections begin with a comment: of each flip, of a vGPU, of the start.</summary>
    private static readonly string[][] s_sections = [.. File.ReadAllText(s_list).Split("# ", StringSplitOptions.RemoveEmptyEntries)
        .Select(section => section.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..])];

    [Fact]
    public void Nine_of_ten_listed_methods_are_in_the_program()
    {
        var symbols = Symbols();
        var listed = s_sections.SelectMany(section => section).ToList();
        Assert.True(listed.Count > 1000);
        var there = listed.Count(symbols.ContainsKey);
        Assert.True(there > listed.Count * 0.9, $"{listed.Count - there} of {listed.Count} methods are not there any more: run bench/order");
    }

    [Fact]
    public void The_methods_of_a_flip_lie_side_by_side()
    {
        var symbols = Symbols();
        var flip = s_sections[0].Where(symbols.ContainsKey).Select(name => symbols[name]).ToList();
        var pages = flip.SelectMany(method => new[] { method.At / Page, (method.At + method.Size) / Page }).Distinct().Count();
        var size = flip.Sum(method => method.Size);
        // Some are one with a method of the same code that lies elsewhere, and thunks lie by themselves.
        Assert.InRange(pages, size / Page, (2 * size / Page) + 10);
    }

    private static Dictionary<string, (long At, long Size)> Symbols()
    {
        var file = Path.Combine(Repository.Root, "artifacts", "publish", "guestplane.dbg");
        Assert.SkipUnless(File.Exists(file), "artifacts/guestplane is not built: ./run --build-only");
        Assert.SkipUnless(File.Exists("/usr/bin/nm"), "nm is missing: install binutils");
        using var nm = Process.Start(new ProcessStartInfo("nm", ["-S", file]) { RedirectStandardOutput = true })!;
        var symbols = new Dictionary<string, (long, long)>();
        while (nm.StandardOutput.ReadLine() is { } line)
            if (line.Split(' ') is [var at, var size, _, var name])
                symbols[name] = (long.Parse(at, NumberStyles.HexNumber, null), long.Parse(size, NumberStyles.HexNumber, null));
        nm.WaitForExit();
        return symbols;
    }
}

namespace Guestplane.Tests.Scanner;

/// <summary>
/// What the scanner writes for tests/Scanner/Golden/sample.xml, word for word. After a wanted change,
/// GUESTPLANE_UPDATE_GOLDEN=1 writes the files anew, and the diff is there to be read.
/// </summary>
public sealed class GoldenTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "Scanner", "Golden");

    internal static ProtocolText Sample => ProtocolText.Read(Path.Combine(s_folder, "sample.xml"));

    [Fact]
    public void The_sample_generates_the_golden_files()
    {
        var result = ScannerRun.Run(Sample);
        Assert.Null(result.Exception);
        Assert.Empty(result.Diagnostics);
        var written = result.GeneratedSources.ToDictionary(source => source.HintName + ".txt", source => source.SourceText.ToString());
        if (Environment.GetEnvironmentVariable("GUESTPLANE_UPDATE_GOLDEN") == "1")
            Update(written);
        var golden = Directory.GetFiles(s_folder, "*.txt");
        Assert.Equal(golden.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal), written.Keys.Order(StringComparer.Ordinal));
        Assert.All(golden, path => Assert.Equal(File.ReadAllText(path), written[Path.GetFileName(path)]));
    }

    private static void Update(Dictionary<string, string> written)
    {
        foreach (var old in Directory.GetFiles(s_folder, "*.txt"))
            File.Delete(old);
        foreach (var (name, text) in written)
            File.WriteAllText(Path.Combine(s_folder, name), text);
    }
}

using System.Text.Json;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Dist;

/// <summary>
/// The fixture of the package's tests: makes it, installs it into a fresh Debian, and has what the checks there left. Where
/// that Debian cannot be had, the tests are skipped.
/// </summary>
public sealed class CleanDebian : IAsyncLifetime
{
    // sysexits.h's EX_NOPERM, by which clean-debian says that it is not for this user.
    private const int Skipped = 77;

    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "Dist");

    private readonly string _share = Directory.CreateTempSubdirectory("guestplane-dist-").FullName;
    private string? _skip;

    public async ValueTask InitializeAsync()
    {
        _skip = Package.Missing();
        if (_skip is not null)
            return;
        await Package.Make(_share);
        File.Copy(Path.Combine(s_folder, "checks.sh"), Path.Combine(_share, "checks.sh"));
        var (status, said) = await Tools.Script(new(Path.Combine(s_folder, "clean-debian"), [_share, "checks.sh"]));
        if (status == Skipped)
            _skip = said.Trim();
        else if (status != 0)
            Assert.Fail($"The checks ended with {status}.\n{said}");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_share, recursive: true);
        return default;
    }

    /// <summary>For the constructor of a test class: what a fixture cannot do.</summary>
    public void SkipIfMissing()
    {
        if (_skip is not null)
            Assert.Skip(_skip);
    }

    /// <summary>Whether a check was made.</summary>
    public bool Has(string check) => File.Exists(Path.Combine(_share, $"{check}.rc"));

    /// <summary>What a check printed, which must have gone well.</summary>
    public string Output(string check)
    {
        var output = Text($"{check}.out");
        Assert.True(Text($"{check}.rc").Trim() == "0", $"{check}:\n{output}");
        return output;
    }

    /// <summary>The first head in the report of a show, which must have gone well.</summary>
    public JsonElement Head(string check)
    {
        Output(check);
        return JsonDocument.Parse(Text($"{check}.json")).RootElement.GetProperty("heads")[0];
    }

    /// <summary>A file that the checks left.</summary>
    public string Text(string file) => File.ReadAllText(Path.Combine(_share, file));
}

using System.Diagnostics;
using System.Text.Json;

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
        _skip = !File.Exists(Repository.Program) ? "The package holds the NativeAOT program, which is not built: ./run --build-only"
            : !Hosts.Tools.Has("scdoc") || !Hosts.Tools.Has("dpkg-shlibdeps") ? "Making the package takes what dist/make --packages prints" : null;
        if (_skip is not null)
            return;
        var (status, said) = await Run(Path.Combine(Repository.Root, "dist", "make"), "--no-build");
        Assert.True(status == 0, $"dist/make ended with {status}.\n{said}");
        // The name is the last word that it said.
        var package = said.Trim().Split(' ')[^1];
        File.Copy(Path.Combine(Repository.Root, package), Path.Combine(_share, Path.GetFileName(package)));
        File.Copy(Path.Combine(s_folder, "checks.sh"), Path.Combine(_share, "checks.sh"));
        (status, said) = await Run(Path.Combine(s_folder, "clean-debian"), _share, "checks.sh");
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

    private static async Task<(int Status, string Said)> Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardInput = true })!;
        using var cancelled = TestContext.Current.CancellationToken.Register(() => process.Kill(entireProcessTree: true));
        process.StandardInput.Close();
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }
}

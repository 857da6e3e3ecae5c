using System.Diagnostics;

namespace Guestplane.Tests.Hosts;

/// <summary>The distribution's programs, and waiting for what they do.</summary>
internal static class Tools
{
    /// <summary>Long enough for a busy machine; nothing waits for its end but what has failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // __SO_ACCEPTCON among the flags of a line of /proc/net/unix (include/uapi/linux/net.h).
    private const string Listening = " 00010000 ";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>True if clients can connect to a unix socket. Its file is there earlier: a server binds first, and listens then.</summary>
    public static bool Listens(string socket) =>
        // Who is in its folder may have bound it by its last name (waypipe).
        File.ReadLines("/proc/net/unix").Any(line => line.Contains(Listening, StringComparison.Ordinal)
            && (line.EndsWith($" {socket}", StringComparison.Ordinal) || line.EndsWith($" {Path.GetFileName(socket)}", StringComparison.Ordinal)));

    /// <summary>
    /// Copies a program that is then started. This process must not have the copy open for writing: a child that another test starts
    /// meanwhile would have it open, too, and until that executes something else the copy is "busy" (ETXTBSY).
    /// </summary>
    public static void CopyProgram(string from, string to) => Run(new("cp", [from, to]));

    /// <summary>Runs it to its end.</summary>
    /// <returns>What it printed.</returns>
    public static string Run(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{start.FileName} {string.Join(' ', start.ArgumentList)}: {errors.Result}{output}");
        return output;
    }

    /// <summary>Runs a script of the project's to its end.</summary>
    /// <returns>Its status, and what it wrote to standard error.</returns>
    public static async Task<(int Status, string Said)> Script(ProcessStartInfo start)
    {
        start.RedirectStandardError = start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        using var cancelled = TestContext.Current.CancellationToken.Register(() => process.Kill(entireProcessTree: true));
        process.StandardInput.Close();
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }

    /// <summary>Asks again and again until it is so.</summary>
    /// <param name="isSo">What is waited for.</param>
    /// <param name="state">What to say if it does not come.</param>
    /// <param name="patience">Null: <see cref="Patience"/>.</param>
    public static async Task Until(Func<bool> isSo, Func<string> state, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        while (!isSo())
        {
            if (watch.Elapsed > (patience ?? Patience))
                Assert.Fail(state());
            await Task.Delay(s_pause, TestContext.Current.CancellationToken);
        }
    }
}

using System.Diagnostics;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Doc;

/// <summary>
/// A block of commands, run as printed by bash on this machine's own compositor and on a session bus, with guestplane in the
/// PATH. A block that shows a VM without an end is ended by SIGTERM when the VM's window is there.
/// </summary>
internal static class CommandRun
{
    public static async Task ToEnd(FencedBlock block)
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        Assert.SkipUnless(!block.Text.Contains("qemu-system", StringComparison.Ordinal) || Tools.Has("qemu-system-x86_64"),
            "QEMU is not installed");
        Assert.SkipUnless(block.Needs is not { } tool || Tools.Has(tool), $"{block.Needs} is not installed");
        var folder = Directory.CreateTempSubdirectory("guestplane-command-");
        using var bus = new PrivateBus();
        if (block.With is { } file)
            File.WriteAllBytes(Path.Combine(folder.FullName, file), BootSector.Keys);
        // What it leaves in the background ends with it.
        File.WriteAllText(Path.Combine(folder.FullName, "block"), $"trap 'kill $(jobs -p) 2>&- || :; wait' EXIT\n{block.Text}\n");
        var start = new ProcessStartInfo("bash", ["-eu", "block"])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DBUS_SESSION_BUS_ADDRESS"] = bus.Address;
        start.Environment["PATH"] = $"{Path.GetDirectoryName(Repository.Program)}:{Environment.GetEnvironmentVariable("PATH")}";
        await (block.IsEndless ? OnSway(start) : OnWeston(start));
        folder.Delete(recursive: true);
    }

    // weston 10 and later report what they have presented without a screen; sway 1.7 does not.
    private static async Task OnWeston(ProcessStartInfo start)
    {
        using var weston = new HeadlessWeston();
        weston.Prepare(start);
        using var bash = Process.Start(start)!;
        await End(bash, Said(bash));
    }

    private static async Task OnSway(ProcessStartInfo start)
    {
        using var sway = await HeadlessSway.Start();
        sway.Prepare(start);
        using var bash = Process.Start(start)!;
        var said = Said(bash);
        await Tools.Until(() => bash.HasExited || sway.Windows().Any(window => window.App == "guestplane"), () => "there is no window");
        if (!bash.HasExited)
            Tools.Run(new("pkill", ["-TERM", "--parent", bash.Id.ToString(), "--exact", "guestplane"]));
        await End(bash, said);
    }

    private static async Task<string> Said(Process bash)
    {
        var output = bash.StandardOutput.ReadToEndAsync();
        return await bash.StandardError.ReadToEndAsync() + await output;
    }

    private static async Task End(Process bash, Task<string> said)
    {
        using var cancelled = TestContext.Current.CancellationToken.Register(() => bash.Kill(entireProcessTree: true));
        await bash.WaitForExitAsync();
        Assert.True(bash.ExitCode == 0, $"It ended with {bash.ExitCode}.\n{await said}");
    }
}

using System.Diagnostics;
using Guestplane.Compositor;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Compositor;

/// <summary>Files and pipes that cannot be written: one sentence with name and cause, exit code 73; a show goes on.</summary>
public sealed class OutputTests
{
    private const int CannotWrite = 73;
    private const string Pattern = "show pattern:memory=memfd,size=640x480,no-cursor";

    [Fact]
    public void A_report_on_a_full_disk_is_reported_once_after_the_show()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30 --report /dev/full");
        Assert.Equal(CannotWrite, run.ExitCode);
        AssertSaid("The report cannot be written to \"/dev/full\": No space left on device.", run.Messages);
        Assert.Contains("30 flips", run.Messages, StringComparison.Ordinal);
        Assert.Empty(host.Violations);
    }

    /// <summary>The list of VMs runs several shows in one process, with the outputs of guestplane.conf.</summary>
    [Fact]
    public void A_file_that_was_closed_can_be_an_output_again()
    {
        var path = Path.GetTempFileName();
        OutputFile.Create(path, "The report", 0).Dispose();
        using (OutputFile.Create(path, "The report", 0))
            Assert.Throws<ExitException>(() => OutputFile.Create(path, "The trace", 0));
        OutputFile.Create(path, "The report", 0).Dispose();
        File.Delete(path);
    }

    [Fact]
    public void A_trace_on_a_full_disk_is_reported_once_and_the_show_is_unharmed()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        // Some 500 events of each kind: several times what is buffered.
        using var run = ProgramRun.ToEnd(host, $"{Pattern},rate=500 --frames 1000 --trace /dev/full");
        Assert.Equal(CannotWrite, run.ExitCode);
        const string Sentence = "The trace cannot be written to \"/dev/full\": No space left on device. The show goes on without it.";
        AssertSaid(Sentence, run.Messages);
        Assert.Equal(1000, run.Head.GetProperty("flips").GetInt32());
        Assert.InRange(run.Head.GetProperty("presented").GetInt32(), 1, 1000);
        Assert.Empty(host.Violations);
    }

    [Theory]
    [InlineData("show pattern:memory=memfd --trace", "The trace")]
    [InlineData("show pattern:memory=memfd --report", "The report")]
    [InlineData("scanout-test --json", "The JSON report")]
    public void A_pipe_without_a_reader_is_refused_at_once(string arguments, string what)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var pipe = Pipe(host);
        using var run = ProgramRun.ToEnd(host, $"{arguments} {pipe}");
        Assert.Equal(CannotWrite, run.ExitCode);
        AssertSaid($"{what} cannot be written to \"{pipe}\": no program reads it; start the reader first.", run.Messages);
    }

    [Fact]
    public void A_trace_into_a_pipe_whose_reader_stands_still_does_not_stop_the_show()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var pipe = Pipe(host);
        // For reading and writing, so that the open does not wait for the program's.
        using var reader = Fd.Open(pipe);
        using var run = ProgramRun.Start(host, $"{Pattern},rate=500 --frames 1000 --trace {pipe}");
        Assert.True(host.WaitUntil(h => h.TotalCommits > 0, QemuDesktop.Soon));
        using var filler = Fd.Open(pipe, OpenMode.WriteAtOnce);
        while (filler.Write(new byte[4096]))
            continue;
        run.Wait();
        Assert.Equal(CannotWrite, run.ExitCode);
        AssertSaid($"The trace cannot be written to \"{pipe}\": the program that reads it stands still. The show goes on without it.", run.Messages);
        Assert.Equal(1000, run.Head.GetProperty("flips").GetInt32());
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_report_and_a_trace_can_be_read_from_pipes()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var (code, said) = Bash(host, $"\"$0\" {Pattern} --frames 30 --report >(grep -o '\"flips\":' >&2) --trace >(tail -c 2 >&2) 2>/dev/null");
        Assert.Equal(0, code);
        Assert.Equal(["\"flips\":", "]"], said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    /// <summary>Any user may start a process that is called qemu, and call its VM and its sockets what he likes.</summary>
    [Fact]
    public void A_list_of_VMs_has_no_control_characters_of_theirs()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-evil-");
        var evil = Path.Combine(folder.FullName, "qemu-evil");
        Tools.CopyProgram("/bin/bash", evil);
        string[] arguments = ["-c", "read", "-display", "dbus,p2p=yes", "-name", "\e[2Jclear", "-qmp", "unix:/x\e]0;PWNED\a\nqemu:qmp=/trusted"];
        using var vm = Process.Start(new ProcessStartInfo(evil, arguments) { RedirectStandardInput = true })!;
        var listed = Tools.Run(new(Repository.Program, ["list"]));
        vm.StandardInput.Close();
        vm.WaitForExit();
        folder.Delete(recursive: true);
        var line = Assert.Single(listed.Split('\n'), line => line.Contains("PWNED", StringComparison.Ordinal));
        Assert.Contains("[2Jclear", line, StringComparison.Ordinal);
        Assert.DoesNotContain(listed, letter => char.IsControl(letter) && letter != '\n');
    }

    private static string Pipe(FakeHost host)
    {
        var pipe = Path.Combine(host.RuntimeDir, "pipe");
        Tools.Run(new("mkfifo", [pipe]));
        return pipe;
    }

    [Fact]
    public void An_end_that_has_a_code_keeps_it()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 30 --report /dev/full --require transport=shm");
        Assert.Equal(1, run.ExitCode);
        AssertSaid("The report cannot be written to \"/dev/full\": No space left on device.", run.Messages);
    }

    [Theory]
    [InlineData("--json", "The JSON report")]
    [InlineData("--junit", "The JUnit report")]
    [InlineData("--html", "The page")]
    public void What_a_scanout_test_cannot_write_is_reported_and_the_rest_is_written(string option, string what)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var folder = Directory.CreateTempSubdirectory("guestplane-output-");
        var others = new[] { "--json", "--junit", "--html" }.Where(other => other != option).ToList();
        var files = string.Join(' ', others.Select(other => $"{other} {folder.FullName}/{other}"));
        var arguments = $"scanout-test --source pattern:memory=memfd --seconds 0.2 {option} /dev/full {files}";
        using var run = ProgramRun.ToEnd(host, arguments);
        Assert.Equal(CannotWrite, run.ExitCode);
        AssertSaid($"{what} cannot be written to \"/dev/full\": No space left on device.", run.Messages);
        Assert.All(others, other => Assert.NotEqual(0, new FileInfo($"{folder.FullName}/{other}").Length));
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("--version")]
    [InlineData("--help")]
    [InlineData("probe --json")]
    public void Standard_output_that_cannot_be_written_is_reported(string arguments)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        const string Sentence = "guestplane: Standard output cannot be written: ";
        Assert.Equal((CannotWrite, $"{Sentence}No space left on device.\n"), Bash(host, $"exec \"$0\" {arguments} > /dev/full"));
        // The reader has gone before the program begins.
        var closed = $"exec 3> >(exec true); wait $!; exec \"$0\" {arguments} >&3";
        Assert.Equal((CannotWrite, $"{Sentence}Broken pipe.\n"), Bash(host, closed));
    }

    [Fact]
    public void Too_few_descriptors_are_the_machines_fault()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        // Each limit strikes at another place.
        var runs = Enumerable.Range(8, 20).Select(n => Bash(host, $"ulimit -n {n}; exec \"$0\" {Pattern} --frames 3")).ToList();
        // A descriptor that finds no room in a message is lost, and libwayland then finds the message malformed: it cannot say why.
        Assert.All(runs.Where(run => !run.Said.Contains("the connection to the compositor broke", StringComparison.Ordinal)),
            run => Assert.NotEqual(70, run.Code));
        Assert.All(runs, run => Assert.DoesNotContain("bug of guestplane", run.Said, StringComparison.Ordinal));
        Assert.True(runs.Exists(run => run.Code == 71 && run.Said.Contains("raise the limit of open files", StringComparison.Ordinal)),
            string.Join("", runs.Select(run => $"{run.Code} {run.Said}")));
    }

    private static void AssertSaid(string sentence, string messages) =>
        Assert.Single(messages.Split('\n'), line => line.EndsWith(sentence, StringComparison.Ordinal));

    /// <summary>Runs a script, in which $0 is the program.</summary>
    private static (int Code, string Said) Bash(FakeHost host, string script)
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        var start = new ProcessStartInfo("bash", ["-c", script, Repository.Program]) { RedirectStandardError = true };
        (start.Environment["XDG_RUNTIME_DIR"], start.Environment["WAYLAND_DISPLAY"]) = (host.RuntimeDir, host.DisplayName);
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}

using System.Diagnostics;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Compositor;

/// <summary>The end of the program does not tear down the C libraries: a thread may still load one, as Pango for a text.</summary>
public sealed class ProcessEndTests
{
    [Theory]
    [InlineData("show pattern:memory=memfd --frames 1", 0)]
    [InlineData("show nothing:", 64)]
    public void No_destructor_of_a_library_runs(string arguments, int code)
    {
        Assert.SkipUnless(Tools.Has("cc"), "there is no C compiler");
        var folder = Directory.CreateTempSubdirectory("guestplane-end-");
        var library = Path.Combine(folder.FullName, "destructor.so");
        var source = Path.Combine(Repository.Root, "tests", "Compositor", "destructor.c");
        Tools.Run(new ProcessStartInfo("cc", ["-shared", "-fPIC", "-o", library, source]));
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.Start(host, arguments, ("LD_PRELOAD", library));
        Assert.True(run.Wait().ExitCode == code, $"{run.ExitCode}: {run.Messages}");
        folder.Delete(recursive: true);
    }
}

using System.Net.Sockets;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>VMs that are there and say nothing: patience has an end, and all of them are waited for at once.</summary>
public sealed class QemuHangTests
{
    [Fact]
    public async Task A_hanging_peer_is_given_up_after_a_while()
    {
        var ends = new List<Task<string>>();
        foreach (var stage in Enum.GetValues<QemuStage>().Where(stage => stage <= QemuStage.RegisterListener))
            ends.Add(Task.Run(() => Hang(stage)));
        ends.Add(Task.Run(HangQmp));
        foreach (var end in ends.ToList())
            Assert.Matches("^qemu:[^\n]*[.]$", await end.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    private static string Hang(QemuStage stage)
    {
        using var qemu = new FakeQemu();
        qemu.Faults.At(stage, QemuFault.Hang);
        return End($"qemu:fd={qemu.Connect()}");
    }

    /// <summary>As one that serves somebody else: it accepts nobody.</summary>
    private static string HangQmp()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
        var path = Path.Combine(folder.FullName, "qmp");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen();
        try
        {
            return End($"qemu:qmp={path}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string End(string source)
    {
        using var loop = new Loop();
        try
        {
            using var guest = QemuVm.Open(source, loop);
            guest.Start();
            while (guest.State != GuestState.Gone)
                loop.Turn();
            return guest.Problem;
        }
        catch (SourceException e)
        {
            return e.Message;
        }
    }
}

using System.Net.Sockets;
using System.Text;
using Guestplane.Compositor;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>The lives of a VM that takes input by QMP alone, in a loop that also runs the VM.</summary>
public sealed class QmpGuestTests : IDisposable
{
    private const uint A = 30, S = 31;
    private const long StepNs = 1_000_000;
    private const string Greeting = "{\"QMP\": {}}\n", Done = "{\"return\": {}}\n", NoMice = "{\"return\": []}\n";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Loop _loop = new();
    private readonly LoopTimer _steps;
    private readonly List<string> _lines = [];
    private Socket? _client;
    private bool _endsAtMice;
    private int _lives;

    public QmpGuestTests()
    {
        _socket.Bind(new UnixDomainSocketEndPoint(Path));
        _socket.Listen();
        _steps = new LoopTimer(now =>
        {
            Step();
            _steps!.Set(now + StepNs);
        });
        _steps.Set(Clock.Now);
        _loop.Add(_steps);
    }

    private string Path => System.IO.Path.Combine(_folder.FullName, "qmp");

    public void Dispose()
    {
        _client?.Dispose();
        _socket.Dispose();
        _loop.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>It answers for its pointer, and is gone when it is told to release what was held before.</summary>
    [Fact]
    public void A_VM_that_dies_while_it_is_taken_back_is_tried_again_and_its_keys_are_released_then()
    {
        using var guest = new GuestSlot(_loop, new Messages(StreamWriter.Null),
            before => new QmpGuest($"qmp:{Path}", _loop, before: before), GuestSlot.QemuPauseNs);
        guest.Open();
        var input = guest.Heads[0].Input!;
        input.Key(A, true);
        Until(() => Has(A, true));
        HangUp();
        Until(() => guest.State == GuestState.Away);
        _endsAtMice = true;
        Until(() => !_endsAtMice);
        Until(() => guest.State == GuestState.Here && Has(A, false));
        Assert.Equal(3, _lives);
        input.Key(S, true);
        Until(() => Has(S, true));
    }

    private bool Has(uint code, bool pressed) => _lines.Exists(line => line.Contains(
        $"\"down\":{(pressed ? "true" : "false")},\"key\":{{\"type\":\"number\",\"data\":{code}}}", StringComparison.Ordinal));

    private void HangUp()
    {
        _client!.Dispose();
        _client = null;
    }

    private void Step()
    {
        if (_client is null && _socket.Poll(0, SelectMode.SelectRead))
        {
            _client = _socket.Accept();
            _client.Send(Encoding.UTF8.GetBytes(Greeting));
            _lives++;
        }
        if (_client?.Available is not > 0)
            return;
        var bytes = new byte[1 << 16];
        var said = Encoding.UTF8.GetString(bytes, 0, _client.Receive(bytes)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in said)
        {
            _lines.Add(line);
            var isMice = line.Contains("query-mice", StringComparison.Ordinal);
            _client!.Send(Encoding.UTF8.GetBytes(isMice ? NoMice : Done));
            if (!isMice || !_endsAtMice)
                continue;
            _endsAtMice = false;
            HangUp();
            return;
        }
    }

    private void Until(Func<bool> condition)
    {
        var end = Clock.Now + (long)s_patience.TotalNanoseconds;
        while (!condition())
        {
            Assert.True(Clock.Now < end, $"it did not come in time: {string.Join(' ', _lines)}");
            _loop.Turn();
        }
    }
}

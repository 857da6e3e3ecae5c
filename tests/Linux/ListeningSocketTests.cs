using System.Net.Sockets;
using Guestplane.Linux;

namespace Guestplane.Tests.Linux;

public sealed class ListeningSocketTests : IDisposable
{
    private const int OwnerOnly = 0x180;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-listen-");

    private string Socket => Path.Combine(_folder.FullName, "socket");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Servers that start at once, beside the socket of one that was killed or beside none: one gets the path.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_servers_that_start_at_once_one_gets_the_path(bool isOneDead)
    {
        const int Rounds = 50, Servers = 6;
        for (var round = 0; round < Rounds; round++)
        {
            if (isOneDead)
                LeaveDead();
            using var start = new Barrier(Servers);
            var failures = new System.Collections.Concurrent.ConcurrentBag<string>();
            var made = new ListeningSocket?[Servers];
            var threads = Enumerable.Range(0, Servers).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                try
                {
                    made[i] = Try();
                }
                catch (Exception e)
                {
                    failures.Add(e.ToString());
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            Assert.True(failures.IsEmpty, string.Join("\n", failures));
            // Two that find the dead one at the same moment may both leave it to the other only if neither has it.
            var servers = made.OfType<ListeningSocket>().ToList();
            Assert.True(servers.Count <= 1, $"round {round}: {servers.Count} servers");
            if (servers.Count == 1)
                UnixSocket.Connect(Socket).Dispose();
            Assert.True(servers.Count == 1 || isOneDead);
            servers.ForEach(server => server.Dispose());
            File.Delete(Socket);
            Assert.Empty(_folder.EnumerateFileSystemInfos());
        }
    }

    /// <summary>From the first moment that the path is there, somebody listens.</summary>
    [Fact]
    public void A_client_that_finds_the_path_is_connected()
    {
        const int Rounds = 200, ConnectionRefused = 111;
        var (isOver, refused, refusedAtStart, absent, connected) = (false, 0, 0, 0, 0);
        var client = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                try
                {
                    UnixSocket.Connect(Socket).Dispose();
                    connected++;
                }
                catch (LinuxException e)
                {
                    _ = e.Errno == ConnectionRefused ? refused++ : absent++;
                }
            }
        })
        { IsBackground = true };
        client.Start();
        for (var round = 0; round < Rounds; round++)
        {
            // A client that has found the path of the server before may be refused by its end.
            var before = Volatile.Read(ref absent);
            SpinWait.SpinUntil(() => Volatile.Read(ref absent) > before || !client.IsAlive);
            (before, var refusedBefore) = (Volatile.Read(ref connected), Volatile.Read(ref refused));
            var server = ListeningSocket.Create(Socket, OwnerOnly, null);
            SpinWait.SpinUntil(() => Volatile.Read(ref connected) > before || !client.IsAlive);
            refusedAtStart += Volatile.Read(ref refused) - refusedBefore;
            server.Dispose();
        }
        Volatile.Write(ref isOver, true);
        client.Join();
        Assert.Equal(0, refusedAtStart);
        Assert.InRange(connected, Rounds, int.MaxValue);
    }

    [Fact]
    public void A_path_that_no_client_could_name_is_refused()
    {
        var path = Path.Combine(_folder.FullName, new string('x', 100));
        Assert.Contains("longer than 107 bytes",
            Assert.Throws<LinuxException>(() => ListeningSocket.Create(path, OwnerOnly, null)).Message, StringComparison.Ordinal);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    /// <summary>As of a unit with Accept=yes, ListenDatagram= or ListenFIFO=: poll(2) would report it for ever.</summary>
    [Theory]
    [InlineData("connection")]
    [InlineData("datagrams")]
    [InlineData("file")]
    public void What_takes_no_connections_is_not_inherited(string kind)
    {
        var (ours, theirs) = UnixSocket.Pair();
        using var datagrams = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        using var file = File.OpenHandle("/dev/null");
        using (ours)
        using (theirs)
        using (var passed = new BorrowedFd(kind switch
        {
            "connection" => ours.Number,
            "datagrams" => (int)datagrams.Handle,
            _ => (int)file.DangerousGetHandle(),
        }).Duplicate())
            Assert.Throws<LinuxException>(() => ListeningSocket.Inherited(passed.Number, out _));
    }

    /// <summary>Whoever passed the socket to us may end it, and poll(2) reports that for ever.</summary>
    [Fact]
    public void A_socket_that_takes_connections_no_more_is_not_asked_without_end()
    {
        using var passed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        passed.Bind(new UnixDomainSocketEndPoint(Socket));
        passed.Listen();
        var ours = new BorrowedFd((int)passed.Handle).Duplicate();
        using var socket = ListeningSocket.Inherited(ours.Number, out _);
        ours.GiveAway();
        using var loop = new Loop();
        var paused = new List<string>();
        socket.Paused += paused.Add;
        loop.Add(socket);
        passed.Shutdown(SocketShutdown.Both);
        loop.Turn();
        loop.Turn(waitNs: 0);
        Assert.Single(paused);
    }

    [Fact]
    public void The_path_of_another_server_stays()
    {
        var first = ListeningSocket.Create(Socket, OwnerOnly, null);
        File.Delete(Socket);
        using (ListeningSocket.Create(Socket, OwnerOnly, null))
        {
            first.Dispose();
            UnixSocket.Connect(Socket).Dispose();
        }
        Assert.False(File.Exists(Socket));
    }

    private ListeningSocket? Try()
    {
        try
        {
            return ListeningSocket.Create(Socket, OwnerOnly, null);
        }
        catch (LinuxException e) when (e.Errno == Errno.AddressInUse)
        {
            return null;
        }
    }

    /// <summary>As a server leaves it that was killed.</summary>
    private void LeaveDead()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        // Bound under another name, because .NET removes the path that it has bound.
        var name = Socket + "~";
        socket.Bind(new UnixDomainSocketEndPoint(name));
        File.Move(name, Socket);
    }
}

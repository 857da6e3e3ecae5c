using System.Buffers.Binary;
using System.Text;
using Guestplane.Linux;

namespace Guestplane.Micro;

/// <summary>
/// The other end of a Wayland connection, in the client's own loop: offers a few globals, and answers sync, frame and
/// presentation feedback as soon as they come. It allocates nothing after its start, so that what is counted is ours.
/// </summary>
internal sealed class ScriptedHost : IDisposable
{
    private const uint Display = 1, Mode60Hz = 16_666_667;
    private static readonly string[] s_globals = ["wl_compositor", "wl_subcompositor", "wp_viewporter", "wl_shm", "xdg_wm_base", "wp_presentation"];
    private static readonly uint[] s_versions = [4, 1, 1, 1, 1, 1];

    private readonly System.Net.Sockets.Socket _listener;
    private readonly byte[] _in = new byte[1 << 16], _out = new byte[1 << 16];
    private System.Net.Sockets.Socket? _client;
    private int _kept, _written;
    private uint _presentation, _surface;

    public ScriptedHost(string path)
    {
        _listener = new(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0);
        _listener.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
        _listener.Listen();
    }

    /// <summary>The client has connected: from now on it is played in each of its loop's turns.</summary>
    public void Accept() => _client = _listener.Accept();

    /// <summary>To wait for what the client sends.</summary>
    public int Descriptor => (int)(_client?.Handle ?? -1);

    /// <summary>Reads what the client has sent and answers it. True if there was anything.</summary>
    public bool Play()
    {
        if (_client!.Available == 0)
            return false;
        var end = _kept + _client.Receive(_in.AsSpan(_kept), System.Net.Sockets.SocketFlags.None, out _);
        var at = 0;
        while (end - at >= 8 && Word(at + 4) >> 16 is var size && end - at >= size)
        {
            Answer(Word(at), Word(at + 4) & 0xffff, at + 8);
            at += (int)size;
        }
        _in.AsSpan(at, end - at).CopyTo(_in);
        _kept = end - at;
        if (_written > 0)
            _client.Send(_out.AsSpan(0, _written), System.Net.Sockets.SocketFlags.None, out _);
        _written = 0;
        return true;
    }

    public void Dispose()
    {
        _client?.Dispose();
        _listener.Dispose();
    }

    private uint Word(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_in.AsSpan(at));

    // Opcodes are of wayland.xml and presentation-time.xml.
    private void Answer(uint id, uint opcode, int body)
    {
        if (id == Display && opcode == 1)
            Offer(Word(body));
        else if (id == Display)
            Done(Word(body));
        else if (id == 2)
            Bound(body);
        else if (id == _presentation && opcode == 1)
        {
            _surface = Word(body);
            Event(Word(body + 4), 1, 7);
            // Time 0: its place in time is nobody's business here.
            Words(0, 0, 0, Mode60Hz);
            Words(0, 0, 0);
            Deleted(Word(body + 4));
        }
        else if (id == _surface && opcode == 3)
            Done(Word(body));
    }

    /// <summary>wl_registry.bind: name, interface, version, id.</summary>
    private void Bound(int body)
    {
        var (global, id) = (s_globals[(int)Word(body)], Word(body + 8 + (int)(Word(body + 4) + 3 & ~3u) + 4));
        if (global == "wp_presentation")
            _presentation = id;
        else if (global == "wl_shm")
        {
            // wl_shm.format: xrgb8888.
            Event(id, 0, 1);
            Words(1);
        }
    }

    private void Offer(uint registry)
    {
        for (var i = 0; i < s_globals.Length; i++)
        {
            var name = Encoding.UTF8.GetBytes(s_globals[i] + '\0');
            var words = (name.Length + 3) / 4;
            Event(registry, 0, 3 + words);
            Words((uint)i, (uint)name.Length);
            name.CopyTo(_out.AsSpan(_written));
            _written += words * 4;
            Words(s_versions[i]);
        }
    }

    private void Done(uint callback)
    {
        Event(callback, 0, 1);
        Words(1);
        Deleted(callback);
    }

    private void Deleted(uint id)
    {
        Event(Display, 1, 1);
        Words(id);
    }

    private void Event(uint id, uint opcode, int words) => Words(id, (uint)(8 + words * 4) << 16 | opcode);

    private void Words(params ReadOnlySpan<uint> words)
    {
        foreach (var word in words)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_out.AsSpan(_written), word);
            _written += 4;
        }
    }
}

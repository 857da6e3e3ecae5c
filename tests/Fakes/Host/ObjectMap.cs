namespace Guestplane.Tests.Fakes;

/// <summary>libwayland's wl_map: client ids are dense from 1; of the server's ids the last freed is re-used first.</summary>
internal sealed class ObjectMap
{
    public const uint ServerStart = 0xff000000;

    private readonly List<HostObject?> _client = [null];
    private readonly List<HostObject?> _server = [];
    private readonly Stack<int> _serverFree = new();

    public IEnumerable<HostObject> All => _client.Concat(_server).OfType<HostObject>();

    public HostObject? Find(uint id)
    {
        var (list, index) = id >= ServerStart ? (_server, id - ServerStart) : (_client, id);
        return index < (uint)list.Count ? list[(int)index] : null;
    }

    /// <summary>True if a client may use the id for a new object now: the next id, or one that was released.</summary>
    public bool CanCreate(uint id) => id is > 0 and < ServerStart && id <= (uint)_client.Count && Find(id) is null;

    public void Insert(HostObject made)
    {
        if (made.Id >= ServerStart)
            _server[(int)(made.Id - ServerStart)] = made;
        else if (made.Id == (uint)_client.Count)
            _client.Add(made);
        else
            _client[(int)made.Id] = made;
    }

    public uint ReserveServerId()
    {
        if (_serverFree.TryPop(out var free))
            return ServerStart + (uint)free;
        _server.Add(null);
        return ServerStart + (uint)_server.Count - 1;
    }

    public void Remove(uint id)
    {
        if (id < ServerStart)
        {
            _client[(int)id] = null;
            return;
        }
        _server[(int)(id - ServerStart)] = null;
        _serverFree.Push((int)(id - ServerStart));
    }
}

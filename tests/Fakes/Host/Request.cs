namespace Guestplane.Tests.Fakes;

/// <summary>A decoded request: types, objects and ids are already checked against the XML.</summary>
internal sealed class Request(HostObject target, MessageModel message, object?[] values)
{
    public string Name => message.Name;

    public int Int(string arg) => (int)Value(arg)!;

    public uint UInt(string arg) => (uint)Value(arg)!;

    public double Fixed(string arg) => (double)Value(arg)!;

    public string Text(string arg) => (string)Value(arg)!;

    public byte[] Bytes(string arg) => (byte[])Value(arg)!;

    public T Object<T>(string arg)
        where T : HostObject => (T)Value(arg)!;

    public T? Nullable<T>(string arg)
        where T : HostObject => (T?)Value(arg);

    /// <summary>The object that was created for the new_id, with the sender's version.</summary>
    public T New<T>(string arg)
        where T : HostObject => (T)Value(arg)!;

    public NewId Bound(string arg) => (NewId)Value(arg)!;

    /// <summary>The file descriptor, now owned by the caller.</summary>
    public HostFd TakeFd(string arg)
    {
        var index = Index(arg);
        var fd = (HostFd)values[index]!;
        values[index] = null;
        return fd;
    }

    /// <summary>Closes the file descriptors that no handler took.</summary>
    public void CloseFds()
    {
        foreach (var value in values)
            (value as HostFd)?.Dispose();
    }

    /// <summary>Creates the typed new objects; after all other arguments are checked, because it cannot be undone.</summary>
    public void CreateObjects()
    {
        for (var i = 0; i < values.Length; i++)
            if (values[i] is NewId { Version: 0 } id)
                values[i] = target.Client.Create(id.Id, id.Interface, target.Version);
    }

    private object? Value(string arg) => values[Index(arg)];

    private int Index(string arg)
    {
        for (var i = 0; i < message.Args.Count; i++)
            if (message.Args[i].Name == arg)
                return i;
        throw new InvalidOperationException($"{target}.{message.Name} has no argument {arg}");
    }
}

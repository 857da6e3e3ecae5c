namespace Guestplane.Tests.Fakes;

/// <summary>What the host does of its own accord. Each first takes the requests that its clients have already sent.</summary>
public sealed partial class FakeHost
{
    /// <summary>One refresh of the output now, by hand.</summary>
    public void Vblank() => Act(() => Refresh(HostClock.Now, 1));

    /// <summary>Configures every window.</summary>
    public void Configure(int width, int height, bool fullscreen = false) =>
        EachToplevel(toplevel => toplevel.Configure(width, height, fullscreen));

    /// <summary>The state of version 6 for a window that nobody can see.</summary>
    public void Suspend(bool suspended) => EachToplevel(toplevel =>
    {
        toplevel.IsSuspended = suspended;
        toplevel.ConfigureLater();
    });

    /// <summary>xdg_toplevel.close to every window.</summary>
    public void CloseWindows() => EachToplevel(toplevel => toplevel.Close());

    public void Ping() => Act(() =>
    {
        foreach (var wmBase in All<HostWmBase>())
            wmBase.Ping();
    });

    /// <summary>Whether every ping got its pong.</summary>
    public bool PingsAnswered() => Locked(() => All<HostWmBase>().All(wmBase => wmBase.IsAnswered));

    /// <summary>
    /// New dmabuf feedback with these formats as the main tranche. Without a new table, as weston and mutter do it, they
    /// must be in the old one.
    /// </summary>
    public void ResendFeedback(bool newTable, params IReadOnlyList<HostFormat> formats) => Act(() =>
    {
        if (newTable)
        {
            var before = DmabufFormats;
            DmabufFormats = new DmabufFormats(formats, before.Scanout, Fds, before);
            before.Dispose();
        }
        else
        {
            DmabufFormats.Narrow(formats);
        }
        foreach (var feedback in All<HostDmabufFeedback>())
            feedback.Tell(newTable);
    });

    public void SetMode(int width, int height, int refreshMilliHz) => Act(() =>
    {
        (Setup.Width, Setup.Height, Setup.RefreshMilliHz) = (width, height, refreshMilliHz);
        foreach (var output in All<HostOutput>())
            output.ChangeMode();
    });

    public void AddGlobal(string name, int version) => Act(() =>
    {
        var global = Announce(name, version);
        foreach (var registry in All<HostRegistry>())
            registry.AnnounceOne(global);
    });

    public void RemoveGlobal(string name) => Act(() =>
    {
        var global = _globals.First(global => global.Interface == name);
        _globals.Remove(global);
        _removedGlobals.Add(global);
        foreach (var registry in All<HostRegistry>())
            registry.Withdraw(global);
    });

    /// <summary>Closes every connection, as a host that crashes and comes back at the same address.</summary>
    public void DropClients() => Act(() =>
    {
        foreach (var client in _clients.ToList())
            client.Close();
    });

    private void EachToplevel(Action<HostToplevel> act) => Each(act);
}

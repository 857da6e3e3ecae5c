namespace Guestplane.Tests.Fakes;

/// <summary>Actions of the compositor itself. Each first processes the requests that clients have already sent.</summary>
public sealed partial class FakeHost
{
    /// <summary>Refreshes the output once, now.</summary>
    public void Vblank() => Act(() => Refresh(HostClock.Now, 1));

    /// <summary>Presents what was taken at the last vblank, and takes nothing yet: weston takes frames 7 ms before the next.</summary>
    public void PresentTaken() => Act(() =>
    {
        foreach (var surface in All<HostSurface>().ToList())
            surface.PresentTaken(new(HostClock.Now, (uint)Period, ++_sequence));
    });

    /// <summary>Configures every window.</summary>
    public void Configure(int width, int height, bool fullscreen = false) =>
        EachToplevel(toplevel => toplevel.Configure(width, height, fullscreen));

    /// <summary>Configures the window with this root alone.</summary>
    public void ConfigureOne(uint root, int width, int height) => OnSurface(root, surface =>
        ((HostXdgSurface)surface.RoleObject!).Toplevel!.Configure(width, height, fullscreen: false));

    /// <summary>The state "suspended" (version 6), for a window that is not visible.</summary>
    public void Suspend(bool suspended) => EachToplevel(toplevel =>
    {
        toplevel.IsSuspended = suspended;
        toplevel.ConfigureLater();
    });

    /// <summary>Nobody sees the window with this root: its surfaces get no frame callbacks, and feedback stays pending.</summary>
    public void HideOne(uint root, bool isHidden) => OnSurface(root, surface =>
        ((HostXdgSurface)surface.RoleObject!).Toplevel!.IsHidden = isHidden);

    /// <summary>Sends xdg_toplevel.close to every window.</summary>
    public void CloseWindows() => EachToplevel(toplevel => toplevel.Close());

    /// <summary>xdg_toplevel.close to the newest window alone.</summary>
    public void CloseOneWindow() => Act(() => All<HostToplevel>().Last().Close());

    public void Ping() => Act(() =>
    {
        foreach (var wmBase in All<HostWmBase>())
            wmBase.Ping();
    });

    /// <summary>True if every ping got its pong.</summary>
    public bool PingsAnswered() => Locked(() => All<HostWmBase>().All(wmBase => wmBase.IsAnswered));

    /// <summary>
    /// Sends dmabuf feedback with these formats as the main tranche. Without a new table, as in weston and mutter, they must be
    /// in
    /// the old one.
    /// </summary>
    public void ResendFeedback(bool newTable, params IReadOnlyList<HostFormat> formats) => Act(() =>
    {
        if (newTable)
            Replace(DmabufFormats.WithMain(formats));
        else
            DmabufFormats.Narrow(formats);
        foreach (var feedback in All<HostDmabufFeedback>())
            feedback.Tell(newTable);
    });

    /// <summary>Sends dmabuf feedback with these tranches, best first, and a new table.</summary>
    public void ResendTranches(params IReadOnlyList<HostTranche> tranches) => Act(() =>
    {
        Replace(tranches);
        foreach (var feedback in All<HostDmabufFeedback>())
            feedback.Tell(withTable: true);
    });

    /// <summary>Makes the held image descriptions ready.</summary>
    public void AnswerDescriptions() => Act(() =>
    {
        foreach (var description in All<HostImageDescription>().ToList())
            description.BeReady();
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

    public void RemoveGlobal(string name) => Act(() => Withdraw(_globals.First(global => global.Interface == name)));

    /// <summary>Closes every connection, like a compositor that crashes and starts again at the same address.</summary>
    public void DropClients() => Act(() =>
    {
        foreach (var client in _clients.ToList())
            client.Close();
    });

    /// <summary>Ends every connection with an error on the display (wl_display.error).</summary>
    public void PostDisplayError(uint code, string text) => Act(() =>
    {
        foreach (var client in _clients.ToList())
            client.PostError(code, text);
    });

    private void Replace(IEnumerable<HostTranche> tranches)
    {
        var before = DmabufFormats;
        DmabufFormats = new DmabufFormats(tranches, Fds, before);
        before.Dispose();
    }

    private void Withdraw(HostGlobal global)
    {
        _globals.Remove(global);
        _removedGlobals.Add(global);
        foreach (var registry in All<HostRegistry>())
            registry.Withdraw(global);
    }

    private void EachToplevel(Action<HostToplevel> act) => Each(act);
}

using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A screen of the host.</summary>
internal sealed class Output
{
    private readonly uint _name;

    public Output(WlOutput proxy, uint name)
    {
        (Proxy, _name) = (proxy, name);
        proxy.Mode += (_, e) =>
        {
            if (e.Flags.HasFlag(WlOutputMode.Current))
                RefreshMilliHz = e.Refresh;
        };
    }

    public WlOutput Proxy { get; }

    /// <summary>Of its current mode; 0 where the host does not tell (headless).</summary>
    public int RefreshMilliHz { get; private set; }

    /// <summary>Whether this is the global that went away; then it is let go.</summary>
    public bool Gone(uint name)
    {
        if (name != _name)
            return false;
        Proxy.Dispose();
        return true;
    }
}

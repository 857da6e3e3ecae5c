using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A screen of the host.</summary>
internal sealed class Output
{
    private readonly uint _name;

    public Output(WlOutput proxy, uint name, uint version)
    {
        (Proxy, _name, Version) = (proxy, name, version);
        proxy.Done += (_, _) => Told?.Invoke();
        proxy.Mode += (_, e) =>
        {
            if ((e.Flags & WlOutputMode.Current) != 0)
                (RefreshMilliHz, Mode) = (e.Refresh, (e.Width, e.Height));
        };
        proxy.Geometry += (_, e) => Millimetres = (e.PhysicalWidth, e.PhysicalHeight);
        proxy.Scale += (_, e) => Scale = e.Factor;
        proxy.Name += (_, e) => Name = e.Name;
    }

    /// <summary>"HDMI-A-1"; null before the host has told it, and where its wl_output is older than version 4.</summary>
    public string? Name { get; private set; }

    public WlOutput Proxy { get; }

    /// <summary>The host has told all of it, or something anew.</summary>
    public event Action? Told;

    /// <summary>That the host offers.</summary>
    public uint Version { get; }

    /// <summary>Of its current mode; 0 where the host does not tell (headless).</summary>
    public int RefreshMilliHz { get; private set; }

    /// <summary>Of its current mode, in device pixels.</summary>
    public (int Width, int Height) Mode { get; private set; }

    /// <summary>Of the glass; 0 where the host does not know.</summary>
    public (int Width, int Height) Millimetres { get; private set; }

    /// <summary>Device pixels per logical pixel, rounded up to a whole number by the host.</summary>
    public int Scale { get; private set; } = 1;

    /// <summary>Whether this is the global that went away; then it is let go.</summary>
    public bool Gone(uint name)
    {
        if (name != _name)
            return false;
        Proxy.Dispose();
        return true;
    }
}

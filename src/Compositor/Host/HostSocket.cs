using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The compositor's socket: a name or a path, or as the environment names it.</summary>
internal static class HostSocket
{
    /// <param name="name">A socket's name or path; null: from the environment.</param>
    /// <exception cref="ExitException">There is none, it may not be used, or libwayland is not installed.</exception>
    public static WlDisplay Connect(string? name)
    {
        try
        {
            return WlDisplay.Connect(name) ?? throw Missing(name ?? Address());
        }
        catch (DllNotFoundException)
        {
            SharedLibrary.CheckFiles();
            throw new ExitException(ExitCode.NoHost, "libwayland-client.so.0 is not installed (Debian: libwayland-client0).");
        }
    }

    private static ExitException Missing(string address)
    {
        // libwayland takes no relative one.
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is [not '/', ..] folder
            && address.StartsWith(folder, StringComparison.Ordinal))
            return new(ExitCode.NoHost, $"XDG_RUNTIME_DIR is \"{folder}\": set it to an absolute path, such as /run/user/1000.");
        try
        {
            UnixSocket.Connect(address).Dispose();
        }
        catch (LinuxException e) when (e.Errno == Errno.Denied)
        {
            return new(ExitCode.NotPermitted, $"guestplane may not use the compositor's socket {address} "
                + $"({FileOwner.Describe(address)}): run it as its owner.");
        }
        catch (LinuxException)
        {
            // Nobody listens there.
        }
        return new(ExitCode.NoHost, $"There is no Wayland compositor at {address}: start guestplane from a Wayland session, "
            + "or set WAYLAND_DISPLAY and XDG_RUNTIME_DIR to one.");
    }

    private static string Address() =>
        Environment.GetEnvironmentVariable("WAYLAND_SOCKET") is { Length: > 0 } socket
            ? $"file descriptor {socket} (WAYLAND_SOCKET)"
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? "$XDG_RUNTIME_DIR (unset)",
            Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") ?? "wayland-0");
}

namespace Guestplane.Tests.Fakes;

public sealed partial class HostViolationTests
{
    /// <summary>Mistakes that libwayland-server itself detects.</summary>
    private static Dictionary<string, Mistake> ObjectsMistakes => new()
    {
        ["request of a later version"] = Mistake.Bare("since 5", r =>
        {
            r.GetRegistry();
            r.Compositor = r.Bind(1, "wl_compositor", 4);
            var s = r.Surface();
            r.Send(s, 10, 0, 0);
            return (RawClient.Display, 1);
        }),
        ["bind above the version"] = Mistake.Bare("invalid version", r =>
        {
            r.GetRegistry();
            r.Bind(2, "wl_subcompositor", 2);
            return (r.Registry, 0);
        }),
        ["bind as another interface"] = Mistake.Bare("invalid global", r =>
        {
            r.GetRegistry();
            r.Bind(2, "wl_shm", 1);
            return (r.Registry, 0);
        }),
        ["bind version 0"] = Mistake.Bare("version 0", r =>
        {
            r.GetRegistry();
            r.Bind(2, "wl_subcompositor", 0);
            return (RawClient.Display, 1);
        }),
        ["unknown object"] = Mistake.Bare("invalid object 77", r =>
        {
            r.Send(77, 0);
            return (RawClient.Display, 0);
        }),
        ["unknown object as argument"] = new("unknown object 999", r =>
        {
            var s = r.Surface();
            r.Attach(s, 999);
            return (RawClient.Display, 1);
        }),
        ["object of another interface"] = new("is no wl_buffer", r =>
        {
            var s = r.Surface();
            r.Attach(s, s);
            return (RawClient.Display, 1);
        }),
        ["null where none may be"] = new("is null", r =>
        {
            r.Send(r.Subcompositor, 1, r.NewId(), 0u, 0u);
            return (RawClient.Display, 1);
        }),
        ["new id in use"] = new("not a valid new object id", r =>
        {
            r.Send(r.Compositor, 0, r.Compositor);
            return (RawClient.Display, 1);
        }),
        ["new id out of sequence"] = new("not a valid new object id", r =>
        {
            r.Send(r.Compositor, 0, 500u);
            return (RawClient.Display, 1);
        }),
        ["new id of the server"] = new("not a valid new object id", r =>
        {
            r.Send(r.Compositor, 0, 0xff000000u);
            return (RawClient.Display, 1);
        }),
        ["opcode that is none"] = new("invalid method 9", r =>
        {
            r.Send(r.Compositor, 9);
            return (RawClient.Display, 1);
        }),
        ["message too short"] = new("too short", r =>
        {
            var s = r.Surface();
            r.Send(s, 1, 0);
            return (RawClient.Display, 1);
        }),
        ["message too long"] = new("too long", r =>
        {
            var s = r.Surface();
            r.Send(s, 6, 0);
            return (RawClient.Display, 1);
        }),
        ["message of 4 bytes"] = Mistake.Bare("message of 4", r =>
        {
            r.SendBytes([1, 0, 0, 0, 0, 0, 4, 0]);
            return (RawClient.Display, 1);
        }),
        ["missing descriptor"] = new("file descriptor expected", r =>
        {
            r.Send(r.Shm, 0, r.NewId(), 4096);
            return (RawClient.Display, 1);
        }),
        ["string that is no UTF-8"] = new("UTF-8", r =>
        {
            var w = r.Window();
            r.Send(w.Toplevel, 2, 3, new byte[] { 0xff, 0xfe, 0, 0 });
            return (RawClient.Display, 1);
        }),
        ["descriptor that nothing takes"] = new("1 file descriptors", r =>
        {
            using var fd = r.Memory(4);
            r.SendFds(1, 0, [fd], r.NewId());
            r.Sync();
            r.Dispose();
            return null;
        }),
        ["half a message"] = Mistake.Bare("middle of a message", r =>
        {
            r.SendBytes([1, 0, 0, 0, 0]);
            r.Dispose();
            return null;
        }),
    };
}

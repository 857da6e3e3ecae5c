using System.IO.Pipes;
using System.Text;

namespace Guestplane.Tests.Fakes;

/// <summary>A compositor that sends anything. What it sends is well-formed; libwayland drops the rest.</summary>
public sealed partial class FakeHost
{
    /// <summary>
    /// Events whose answer would be a mistake only because this fake has lied: it does not know the serial, the global or the object.
    /// A destructor would take an object away that it still uses. A client that has destroyed the sender never learns of a new object,
    /// and then libwayland rejects the next one's id.
    /// </summary>
    private static readonly HashSet<string> s_notFuzzed =
    [
        "wl_display.error", "wl_display.delete_id", "wl_registry.global", "wl_registry.global_remove", "wl_seat.capabilities", "wl_pointer.enter",
        "xdg_surface.configure", "xdg_toplevel.close", "wl_shm.format", "zwp_linux_buffer_params_v1.created", "zwp_linux_buffer_params_v1.failed",
    ];

    private static readonly long[] s_edges =
        [0, 1, 2, 3, 4, 5, 8, 16, 120, 180, 240, 255, 1023, 4096, 65535, 1 << 23, (1 << 23) - 1, int.MaxValue, int.MinValue, -1, -2, -120];

    /// <summary>Sends that many events with any values to any objects.</summary>
    public void SendAnything(Random random, int count) => Act(() =>
    {
        for (var i = 0; i < count; i++)
            SendOne(random);
    });

    /// <summary>Sends an event to every object of an interface.</summary>
    public void SendEvent(string ofInterface, string name, params object?[] values) => Act(() =>
    {
        foreach (var target in All<HostObject>().Where(target => target.Model.Name == ofInterface).ToList())
            target.Client.Send(target, name, values);
    });

    private void SendOne(Random random)
    {
        var kinds = _clients.SelectMany(client => client.All<HostObject>()).Where(target => !target.Destroyed)
            .GroupBy(target => target.Model.Name).Where(kind => kind.First().Model.Events.Count > 0).ToList();
        if (kinds.Count == 0)
            return;
        var targets = kinds[random.Next(kinds.Count)].ToList();
        var target = targets[random.Next(targets.Count)];
        var messages = target.Model.Events.Values.Where(message => message.Since <= target.Version && !message.IsDestructor
            && !message.Args.Any(arg => arg.Type == ArgType.NewId)
            && !s_notFuzzed.Contains($"{target.Model.Name}.{message.Name}")).ToList();
        if (messages.Count == 0)
            return;
        var message = messages[random.Next(messages.Count)];
        var values = message.Args.Select(arg => AnyValue(random, target, arg)).ToList();
        var isWhole = message.Args.Zip(values).All(pair => pair.Second is not null || pair.First.AllowNull);
        if (isWhole)
            target.Client.Send(target, message.Name, [.. values]);
        foreach (var fd in values.OfType<HostFd>())
            fd.Dispose();
    }

    private object? AnyValue(Random random, HostObject target, ArgModel arg) => arg.Type switch
    {
        ArgType.Int => (int)Edge(random),
        ArgType.UInt => (uint)Edge(random),
        ArgType.Fixed => (int)Edge(random) / 256.0,
        ArgType.String => AnyText(random),
        ArgType.Array => AnyBytes(random, 64 * 4),
        ArgType.Fd => AnyFd(random),
        _ => AnyObject(random, target, arg.Interface),
    };

    private static long Edge(Random random) => random.Next(4) switch
    {
        0 => random.NextInt64(),
        1 => random.Next(2000),
        _ => s_edges[random.Next(s_edges.Length)],
    };

    private static byte[] AnyBytes(Random random, int most)
    {
        var bytes = new byte[random.Next(most + 1)];
        random.NextBytes(bytes);
        if (random.Next(2) == 0)
            for (var i = 3; i < bytes.Length; i += 4)
                (bytes[i - 2], bytes[i - 1], bytes[i]) = (0, 0, 0);
        return bytes;
    }

    private static string AnyText(Random random)
    {
        var text = Encoding.Latin1.GetString(AnyBytes(random, random.Next(4) == 0 ? 900 : 20)).Replace('\0', ' ');
        return random.Next(3) == 0 ? PlainText : text;
    }

    private HostFd AnyFd(Random random)
    {
        if (random.Next(3) > 0)
            return HostFd.Memory("anything", AnyBytes(random, 4096), Fds);
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        return new HostFd(Libc.Fcntl(pipe.ClientSafePipeHandle, Libc.F_DUPFD_CLOEXEC, 0), Fds);
    }

    /// <summary>None that this side has made: libwayland rejects one that its client has just destroyed.</summary>
    private static HostObject? AnyObject(Random random, HostObject target, string? ofInterface)
    {
        var found = target.Client.All<HostObject>().Where(other => !other.Destroyed && other.Model.Name == ofInterface
            && other.Id < ObjectMap.ServerStart).ToList();
        return found.Count == 0 ? null : found[random.Next(found.Count)];
    }
}

using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>What a server of the planes interface sends to a listener, true or not.</summary>
internal static class PlaneMessages
{
    public const uint Overlay = 0, Primary = 1, Cursor = 2;

    public const string PlanesName = "org.guestplane.Display1.Listener.Planes";
    public const string RegisterTypes = "tahuuauauuta{sv}", FlipTypes = "utiiiiuuuuua(iiii)tt", PollTypes = $"ta({FlipTypes})";

    public static QemuRawMessage Register(Fd fd, ulong id, uint width = 64, uint height = 48, uint fourcc = QemuVm.Xr24,
        DBusEntry[]? options = null) => With(fd, Raw("Register", RegisterTypes,
            id, new[] { 0u }, width, height, new[] { 0u }, new[] { 256u }, fourcc, 0ul, options ?? []));

    public static DBusEntry Option(string name, object value) => new(name, new DBusVariant(value is string ? "s" : "u", value));

    public static QemuRawMessage Flip(uint plane, ulong id, int x = 0, int y = 0, int hotX = 0, int hotY = 0, uint[]? crop = null,
        object[][]? damage = null, ulong time = 0) =>
        Raw("Flip", FlipTypes, Values(plane, id, x, y, hotX, hotY, crop, damage, time));

    /// <summary>Those of a flip.</summary>
    public static object[] Values(uint plane, ulong id, int x = 0, int y = 0, int hotX = 0, int hotY = 0, uint[]? crop = null,
        object[][]? damage = null, ulong time = 0) =>
        [plane, id, x, y, hotX, hotY, crop?[0] ?? 0, crop?[1] ?? 0, crop?[2] ?? 0, crop?[3] ?? 0, 1u, damage ?? [], time, 1ul];

    public static QemuRawMessage Raw(string member, string signature, params object[] values) => new()
    {
        Interface = PlanesName,
        Member = member,
        Signature = signature,
        Body = QemuRawMessage.Marshal(signature, values),
    };

    public static QemuRawMessage With(Fd fd, QemuRawMessage message) => new()
    {
        Interface = message.Interface,
        Member = message.Member,
        Signature = message.Signature,
        Body = message.Body,
        Fds = [fd],
    };
}

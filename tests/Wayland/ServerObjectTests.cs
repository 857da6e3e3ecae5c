using System.Xml.Linq;
using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

/// <summary>
/// Objects that the server makes (events with a new_id). libwayland wants every server id in use: an event that reaches an
/// object which is gone on our side is dropped together with the id that it brings, and the next id is refused with EINVAL.
/// </summary>
public sealed class ServerObjectTests
{
    /// <summary>An event whose object no handler takes: it is kept until the display goes. There is none now.</summary>
    private const string Kept = "";

    /// <summary>Every such event of our protocols, and the file whose handler takes its object.</summary>
    private static readonly Dictionary<string, string> s_takers = new()
    {
        ["wl_data_device.data_offer"] = "ClipboardDevice.cs",
        ["zwp_primary_selection_device_v1.data_offer"] = "PrimaryDevice.cs",
        ["zwp_linux_buffer_params_v1.created"] = "BufferPool.cs",
        ["zwp_tablet_seat_v2.tablet_added"] = "TabletSeat.cs",
        ["zwp_tablet_seat_v2.tool_added"] = "TabletSeat.cs",
        ["zwp_tablet_seat_v2.pad_added"] = "TabletSeat.cs",
        ["zwp_tablet_pad_v2.group"] = "TabletSeat.cs",
        ["zwp_tablet_pad_group_v2.ring"] = "TabletSeat.cs",
        ["zwp_tablet_pad_group_v2.strip"] = "TabletSeat.cs",
    };

    [Fact]
    public void Each_event_that_brings_an_object_has_a_taker_or_is_known_to_be_kept()
    {
        var events = Directory.GetFiles(Repository.Protocols, "*.xml")
            .SelectMany(path => XDocument.Load(path).Descendants("event"))
            .Where(e => e.Elements("arg").Any(a => (string?)a.Attribute("type") == "new_id"))
            .Select(e => $"{(string?)e.Parent!.Attribute("name")}.{(string?)e.Attribute("name")}");
        Assert.Equal(s_takers.Keys.Order(StringComparer.Ordinal), events.Order(StringComparer.Ordinal));
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "src", "Compositor"), "*.cs", SearchOption.AllDirectories);
        foreach (var (name, file) in s_takers.Where(taker => taker.Value != Kept))
        {
            var words = name.Split('.')[1].Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]);
            var text = File.ReadAllText(sources.Single(path => Path.GetFileName(path) == file));
            Assert.Contains($".{string.Concat(words)} +=", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_pad_that_nobody_takes_costs_nothing_whatever_it_makes()
    {
        using var host = new WireHost();
        var seat = host.Registry.Bind<WlSeat>(1, 5);
        var tablets = host.Registry.Bind<ZwpTabletManagerV2>(2, 1).GetTabletSeat(seat);
        var tools = 0;
        tablets.ToolAdded += (_, e) =>
        {
            e.TakeId();
            tools++;
        };
        var (pad, group, ring, strip) = (host.NewId(), host.NewId(), host.NewId(), host.NewId());
        host.Send(tablets.ProxyId, "zwp_tablet_seat_v2.pad_added", pad);
        // A read may end here, in the middle of the burst that describes the pad.
        host.Send(pad, "zwp_tablet_pad_v2.group", group);
        host.Send(group, "zwp_tablet_pad_group_v2.ring", ring);
        host.Send(group, "zwp_tablet_pad_group_v2.strip", strip);
        host.Send(group, "zwp_tablet_pad_group_v2.modes", 2);
        host.Send(group, "zwp_tablet_pad_group_v2.done");
        host.Send(pad, "zwp_tablet_pad_v2.done");
        host.Send(tablets.ProxyId, "zwp_tablet_seat_v2.tool_added", host.NewId());
        Assert.Equal(1, tools);
    }

    [Fact]
    public void The_object_of_a_handler_that_throws_is_kept_too()
    {
        using var host = new WireHost();
        var seat = host.Registry.Bind<WlSeat>(1, 5);
        var tablets = host.Registry.Bind<ZwpTabletManagerV2>(2, 1).GetTabletSeat(seat);
        tablets.PadAdded += (_, _) => throw new InvalidDataException();
        var (pad, group) = (host.NewId(), host.NewId());
        Assert.Throws<InvalidDataException>(() => host.Send(tablets.ProxyId, "zwp_tablet_seat_v2.pad_added", pad));
        host.Send(pad, "zwp_tablet_pad_v2.group", group);
        host.Send(group, "zwp_tablet_pad_group_v2.ring", host.NewId());
        host.Send(tablets.ProxyId, "zwp_tablet_seat_v2.tool_added", host.NewId());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_kept_object_is_not_destroyed_and_goes_with_the_display(bool isHeard)
    {
        using var client = new HostedClient();
        var before = client.Host.LiveBuffers;
        using var made = client.Bind<ZwpLinuxDmabufV1>("zwp_linux_dmabuf_v1").CreateParams();
        using (var memory = Guestplane.Linux.Memfd.Create("guestplane-test", 4096))
            made.Add(memory, 0, 0, 64, 0, 0);
        if (isHeard)
            made.Created += (_, _) => { };
        made.Create(8, 4, Fakes.HostFormat.Code("XR24"), 0);
        client.Sync();
        client.Sync();
        Assert.Equal(before + 1, client.Host.LiveBuffers);
        client.Display.Dispose();
        Assert.True(client.Host.WaitUntil(host => host.Clients == 0, TimeSpan.FromSeconds(10)));
        Assert.Equal(0, client.Host.LiveBuffers);
        Assert.Empty(client.Host.Violations);
    }
}

namespace Guestplane.Tests.Fakes;

public sealed partial class HostViolationTests
{
    private const int GetSurface = 2, CreateParametric = 5, Create = 0, SetCurve = 1, SetPrimaries = 3, SetDescription = 1;

    /// <summary>Mistakes with image descriptions.</summary>
    private static Dictionary<string, Mistake> ColorsMistakes => new()
    {
        ["two colours for a surface"] = new("already has", r =>
        {
            var (manager, surface) = (ColorManager(r), r.Surface());
            r.New(manager, GetSurface, surface);
            r.New(manager, GetSurface, surface);
            return (manager, 1);
        }),
        ["a description without primaries"] = new("primaries", r =>
        {
            var creator = r.New(ColorManager(r), CreateParametric);
            r.Send(creator, SetCurve, HostColorSupport.St2084Pq);
            r.New(creator, Create);
            return (creator, 0);
        }),
        ["two curves"] = new("and now 2", r =>
        {
            var creator = r.New(ColorManager(r), CreateParametric);
            r.Send(creator, SetCurve, HostColorSupport.St2084Pq);
            r.Send(creator, SetCurve, 2u);
            return (creator, 1);
        }),
        ["primaries that are not supported"] = new("7", r =>
        {
            var creator = r.New(ColorManager(r), CreateParametric);
            r.Send(creator, SetPrimaries, 7u);
            return (creator, 4);
        }),
        ["an intent that is not supported"] = new("9", r =>
        {
            var manager = ColorManager(r);
            var (surface, description) = (r.New(manager, GetSurface, r.Surface()), Description(r, manager));
            r.Send(surface, SetDescription, description, 9u);
            return (surface, 0);
        }),
        ["the colours of a surface that is gone"] = new("the surface is gone", r =>
        {
            var (manager, gone) = (ColorManager(r), r.Surface());
            var surface = r.New(manager, GetSurface, gone);
            r.Send(gone, 0);
            r.Send(surface, SetDescription, Description(r, manager), 0u);
            return (surface, 2);
        }),
        ["information of a client's own description"] = new("no information", r =>
        {
            var description = Description(r, ColorManager(r));
            r.New(description, 1);
            return (description, 1);
        }),
    };

    /// <summary>It is an error only until the compositor is ready.</summary>
    [Fact]
    public void A_description_must_be_ready()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { ColorSupport = new() { Answer = DescriptionAnswer.Held } });
        using var client = new RawClient(host);
        client.BindAll();
        var manager = ColorManager(client);
        var (surface, description) = (client.New(manager, GetSurface, client.Surface()), Description(client, manager));
        client.Sync();
        host.AnswerDescriptions();
        client.Send(surface, SetDescription, description, 0u);
        client.Sync();
        Assert.Empty(host.Violations);
        client.Send(surface, SetDescription, Description(client, manager), 0u);
        client.Sync();
        Assert.Equal((surface, 1u), client.Error);
    }

    private static uint ColorManager(RawClient client)
    {
        client.Sync();
        return client.BindGlobal("wp_color_manager_v1", 2);
    }

    private static uint Description(RawClient client, uint manager)
    {
        var creator = client.New(manager, CreateParametric);
        client.Send(creator, SetCurve, HostColorSupport.St2084Pq);
        client.Send(creator, SetPrimaries, HostColorSupport.Bt2020);
        return client.New(creator, Create);
    }
}

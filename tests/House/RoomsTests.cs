namespace Guestplane.Tests.House;

/// <summary>A room uses only those before it in ARCHITECTURE.md's table, and no classes use each other in a circle.</summary>
public sealed class RoomsTests
{
    /// <summary>Halves of one thing: a descriptor and its loan, a message and its bus, a proxy and its display.</summary>
    private static readonly string[] s_naturalCircles =
    [
        "BorrowedFd, Fd",
        "Bus, BusCall, BusMessage, BusReply",
        "NativeInterface, NativeMessage",
        "IWlInterface, WlDisplay, WlProxy",
    ];

    private static readonly Rooms s_rooms = Rooms.Read(Repository.Root);

    private static IEnumerable<string> Circles => Checkout.Projects.SelectMany(Checkout.Own.References.Circles);

    [Fact]
    public void The_table_names_each_room_once() => Assert.Equal(
        Checkout.Own.Files.Where(file => file.Project == Rooms.Project).Select(file => file.Room).Distinct().Order(),
        s_rooms.Order.Order());

    [Fact]
    public void The_table_names_files_that_are_there() =>
        s_rooms.FirstFiles.Except(Checkout.Own.Files.Select(file => file.Path)).MustBeNone();

    [Fact]
    public void No_room_uses_one_above_it() => (
        from arrow in Checkout.Own.References.BetweenRooms
        where s_rooms.RunsUp(arrow)
        select $"{arrow.From} uses {arrow.To}: {arrow.Arrow}").MustBeNone();

    [Fact]
    public void No_classes_use_each_other_in_a_circle() => Circles.Except(s_naturalCircles).MustBeNone();

    [Fact]
    public void Each_natural_circle_is_there() => s_naturalCircles.Except(Circles).MustBeNone();
}

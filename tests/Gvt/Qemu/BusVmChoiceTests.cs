using Guestplane.Gvt.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>Which VM of a bus is the one that was shown before.</summary>
public sealed class BusVmChoiceTests
{
    private const string Uuid = "11111111-2222-3333-4444-555555555555";

    private readonly BusVmChoice _choice = BusVmChoice.ByName("a");

    [Fact]
    public void One_that_answered_too_late_to_tell_its_UUID_is_still_the_same()
    {
        Assert.Equal(":1.5", Choose(new BusVm(":1.5", "a", null, 7)));
        Assert.Equal(":1.5", Choose(new BusVm(":1.5", "a", Uuid, 7)));
        Assert.Equal(":1.9", Choose(new BusVm(":1.9", "a", Uuid, 8)));
    }

    [Fact]
    public void One_that_has_another_VMs_place_on_a_new_bus_is_the_same()
    {
        Assert.Equal(":1.0", Choose(new BusVm(":1.0", "a", null, 7), new BusVm(":1.1", "b", null, 8)));
        Assert.Equal(":1.1", Choose(new BusVm(":1.0", "b", null, 9), new BusVm(":1.1", "a", null, 10)));
    }

    [Fact]
    public void Another_with_the_same_name_that_was_there_before_is_not()
    {
        var first = BusVmChoice.First();
        Assert.Equal(":1.0", first.Choose([new(":1.0", "QEMU", null, 7), new(":1.1", "QEMU", null, 8)], out _)!.Owner);
        Assert.Null(first.Choose([new(":1.1", "QEMU", null, 8)], out var problem));
        Assert.StartsWith("no VM on the bus is the one that was shown", problem, StringComparison.Ordinal);
        Assert.Equal(":1.2", first.Choose([new(":1.1", "QEMU", null, 8), new(":1.2", "QEMU", null, 9)], out _)!.Owner);
    }

    private string? Choose(params BusVm[] vms) => _choice.Choose(vms, out _)?.Owner;
}

using System.Text;
using Guestplane.Gvt;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>Text between the guest's clipboard and ours.</summary>
public sealed class QemuClipboardTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    private static QemuVm Registered(QemuSetup? setup = null)
    {
        var vm = new QemuVm(setup);
        vm.Turn(() => vm.Qemu.Clipboard.IsRegistered);
        return vm;
    }

    [Fact]
    public void What_the_guest_copies_is_offered_and_fetched()
    {
        using var vm = Registered();
        var (offers, text) = (new List<bool>(), (byte[]?)null);
        vm.Guest.Clipboard!.Offered += offers.Add;
        vm.Qemu.Clipboard.GuestGrab(0, 1, "Grüße");
        vm.Turn(() => offers.Count == 1);
        vm.Guest.Clipboard.Fetch(got => text = got);
        vm.Turn(() => text is not null);
        vm.Qemu.Clipboard.GuestRelease(0);
        vm.Turn(() => offers.Count == 2);
        Assert.Equal([true, false], offers);
        Assert.Equal("Grüße", Encoding.UTF8.GetString(text!));
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void What_we_offer_the_guest_asks_for()
    {
        using var vm = Registered();
        vm.Guest.Clipboard!.Wanted += answer => answer("from the host"u8.ToArray());
        vm.Guest.Clipboard.Offer();
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        Assert.Equal(new QemuClipboardEvent("Grab", 0, 1, QemuClipboard.Text), vm.Qemu.Clipboard.Events[^1]);
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Text == "from the host");
        vm.Guest.Clipboard.Withdraw();
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Release");
        Assert.True(vm.Qemu.LongestBlock < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Each_grab_has_a_higher_number_than_all_before()
    {
        using var vm = Registered();
        var offers = 0;
        vm.Guest.Clipboard!.Offered += _ => offers++;
        vm.Guest.Clipboard.Offer();
        vm.Qemu.Clipboard.GuestGrab(0, 5, "new");
        vm.Turn(() => offers == 1);
        vm.Guest.Clipboard.Offer();
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Serial == 6);
        // Both had it at once, and theirs was first: ours counts.
        vm.Qemu.Clipboard.GuestGrab(0, 5, "old");
        vm.Settle();
        Assert.Equal(1, offers);
    }

    [Fact]
    public void Other_selections_and_types_are_none_of_ours()
    {
        using var vm = Registered();
        var offers = 0;
        vm.Guest.Clipboard!.Offered += _ => offers++;
        vm.Qemu.Clipboard.GuestGrab(1, 1, "primary");
        vm.Qemu.SendRaw(new QemuRawMessage
        {
            Path = FakeQemu.Root + "/Clipboard",
            Interface = "org.qemu.Display1.Clipboard",
            Member = "Grab",
            Signature = "uuas",
            Body = QemuRawMessage.Marshal("uuas", 0u, 1u, new[] { "image/png" }),
        });
        vm.Qemu.Console.SetAbsolute(true);
        vm.Turn(() => vm.Input.IsAbsolute);
        Assert.Equal(0, offers);
    }

    [Fact]
    public void A_text_that_is_too_long_for_the_guests_agent_is_none()
    {
        using var vm = Registered();
        vm.Guest.Clipboard!.Wanted += answer => answer(new byte[(1 << 20) + 1]);
        vm.Guest.Clipboard.Offer();
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1] is { Member: "Answer", Mime: "none" });
    }

    [Fact]
    public void So_is_one_of_the_guests()
    {
        using var vm = Registered();
        var (offers, fetched) = (0, 0);
        vm.Guest.Clipboard!.Offered += _ => offers++;
        vm.Qemu.Clipboard.GuestGrab(0, 1, new string('x', (1 << 20) + 1));
        vm.Turn(() => offers == 1);
        vm.Guest.Clipboard.Fetch(text => fetched += text is null ? 1 : 100);
        vm.Turn(() => fetched > 0);
        Assert.Equal(1, fetched);
    }

    [Fact]
    public void A_text_that_the_guest_does_not_give_is_none()
    {
        using var vm = Registered(new QemuSetup { ClipboardTimeout = TimeSpan.FromMilliseconds(50) });
        var fetched = new List<byte[]?>();
        vm.Guest.Clipboard!.Fetch(fetched.Add);
        Assert.Equal([null], fetched);
        var offers = 0;
        vm.Guest.Clipboard.Offered += _ => offers++;
        vm.Qemu.Clipboard.GuestGrab(0, 1, null);
        vm.Turn(() => offers == 1);
        vm.Guest.Clipboard.Fetch(fetched.Add);
        vm.Turn(() => fetched.Count == 2);
        Assert.Null(fetched[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_waits_for_a_text_is_told_when_the_VM_ends(bool onlyListener)
    {
        using var vm = Registered();
        var (offers, fetched) = (0, new List<byte[]?>());
        vm.Guest.Clipboard!.Offered += _ => offers++;
        vm.Qemu.Clipboard.GuestGrab(0, 1, null);
        vm.Turn(() => offers == 1);
        vm.Guest.Clipboard.Fetch(fetched.Add);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Request");
        if (onlyListener)
            vm.Qemu.Console.CloseListeners();
        else
            vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.Equal([null], fetched);
    }

    [Fact]
    public void A_text_that_is_late_for_a_VM_that_has_gone_is_dropped()
    {
        using var vm = Registered();
        Action<byte[]?>? answer = null;
        vm.Guest.Clipboard!.Wanted += wanted => answer = wanted;
        vm.Guest.Clipboard.Offer();
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => answer is not null);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        answer!("too late"u8.ToArray());
        Assert.True(vm.Qemu.WaitUntil(q => !q.IsBlocked, s_soon));
    }

    [Fact]
    public void What_the_guest_offered_goes_with_it()
    {
        using var vm = Registered();
        var offers = new List<bool>();
        vm.Guest.Clipboard!.Offered += offers.Add;
        vm.Qemu.Clipboard.GuestGrab(0, 1, "text");
        vm.Turn(() => offers.Count == 1);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.Equal([true, false], offers);
    }
}

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

    private static IGuestSelection Selection(QemuVm vm) => vm.Guest.Clipboard!.Clipboard;

    /// <summary>The owner after each change.</summary>
    private static List<SelectionOwner> Owners(QemuVm vm)
    {
        var owners = new List<SelectionOwner>();
        Selection(vm).Changed += () => owners.Add(Selection(vm).Owner);
        return owners;
    }

    [Fact]
    public void Text_copied_in_the_guest_is_offered_and_fetched()
    {
        using var vm = Registered();
        var (owners, text) = (Owners(vm), (byte[]?)null);
        vm.Qemu.Clipboard.GuestGrab(0, 1, "Grüße");
        vm.Turn(() => owners.Count == 1);
        Selection(vm).Fetch(got => text = got.Bytes);
        vm.Turn(() => text is not null);
        vm.Qemu.Clipboard.GuestRelease(0);
        vm.Turn(() => owners.Count == 2);
        Assert.Equal([SelectionOwner.Guest, SelectionOwner.Nobody], owners);
        Assert.Equal("Grüße", Encoding.UTF8.GetString(text!));
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void Text_that_we_offer_is_requested_by_the_guest()
    {
        using var vm = Registered();
        DesktopText text = done => done("from the host"u8.ToArray());
        Selection(vm).Offer(text);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        // The agent takes no other number for the first one.
        Assert.Equal(new QemuClipboardEvent("Grab", 0, 0, QemuClipboard.Text), vm.Qemu.Clipboard.Events[^1]);
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Text == "from the host");
        Selection(vm).Withdraw(text);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Release");
        Assert.True(vm.Qemu.LongestBlock < TimeSpan.FromSeconds(5));
    }

    /// <summary>Without a bus QEMU does not notice that it has gone, and takes no other until somebody unregisters it.</summary>
    [Fact]
    public void The_viewer_before_does_not_keep_the_clipboard()
    {
        using var vm = Registered();
        vm.Guest.Dispose();
        using var next = QemuVm.Open($"qemu:fd={vm.Qemu.Connect()}", vm.Loop);
        next.Start();
        vm.Turn(() => vm.Qemu.Clipboard.Events is [.., { Member: "Register" }, { Member: "Unregister" }, { Member: "Register" }]);
        vm.Turn(() => vm.Qemu.Clipboard.IsRegistered);
        next.Clipboard!.Clipboard.Offer(done => done("from the host"u8.ToArray()));
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Answer");
        Assert.Equal("from the host", vm.Qemu.Clipboard.Events[^1].Text);
    }

    [Fact]
    public void Both_sides_number_their_grabs_together()
    {
        using var vm = Registered();
        var owners = Owners(vm);
        Selection(vm).Offer(done => done(null));
        vm.Qemu.Clipboard.GuestGrab(0, 5, "new");
        vm.Turn(() => owners is [.., SelectionOwner.Guest]);
        Selection(vm).Offer(done => done(null));
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Serial == 6);
        Assert.DoesNotContain(vm.Qemu.Clipboard.Events, seen => seen.Member.StartsWith("Dropped", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_two_grabs_at_the_same_time_ours_counts_and_QEMU_learns_it()
    {
        using var vm = Registered();
        var owners = Owners(vm);
        Selection(vm).Offer(done => done("ours"u8.ToArray()));
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        // Sent before the guest knew of ours, and QEMU has taken it.
        vm.Qemu.Clipboard.GuestGrab(0, 0, "theirs");
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1] is { Member: "Grab", Serial: 1 });
        Assert.Equal([SelectionOwner.Desktop], owners);
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Text == "ours");
    }

    [Fact]
    public void Our_grab_ends_the_guests_claim()
    {
        using var vm = Registered();
        var (owners, fetched) = (Owners(vm), new List<GuestText>());
        vm.Qemu.Clipboard.GuestGrab(0, 0, null);
        vm.Turn(() => owners.Count == 1);
        Selection(vm).Fetch(fetched.Add);
        Selection(vm).Offer(done => done(null));
        Assert.Equal(default, Assert.Single(fetched));
        Selection(vm).Fetch(fetched.Add);
        Assert.Equal((2, SelectionOwner.Desktop), (fetched.Count, Selection(vm).Owner));
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
    }

    [Fact]
    public void A_text_that_was_replaced_cannot_be_withdrawn()
    {
        using var vm = Registered();
        DesktopText first = done => done("first"u8.ToArray()), second = done => done("second"u8.ToArray());
        Selection(vm).Offer(first);
        Selection(vm).Offer(second);
        Selection(vm).Withdraw(first);
        Assert.Equal(SelectionOwner.Desktop, Selection(vm).Owner);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1] is { Member: "Grab", Serial: 1 });
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Text == "second");
    }

    [Fact]
    public void An_agent_that_starts_later_learns_of_our_text()
    {
        using var vm = Registered();
        Selection(vm).Offer(done => done("copied before"u8.ToArray()));
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        vm.Qemu.Clipboard.RestartAgent();
        vm.Turn(() => vm.Qemu.Clipboard.Events.Count(seen => seen.Member == "Grab") == 2);
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Text == "copied before");
    }

    [Fact]
    public void One_request_serves_all_who_wait_and_a_later_copy_has_its_own()
    {
        using var vm = Registered();
        var (owners, fetched) = (Owners(vm), new List<string>());
        void Fetch() => Selection(vm).Fetch(text => fetched.Add(Encoding.UTF8.GetString(text.Bytes!)));
        vm.Qemu.Clipboard.GuestGrab(0, 0, null);
        vm.Turn(() => owners.Count == 1);
        Fetch();
        Fetch();
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Request");
        vm.Qemu.Clipboard.GuestGrab(0, 1, null);
        vm.Turn(() => owners.Count == 2);
        Fetch();
        vm.Qemu.Clipboard.GuestAnswer(0, "text");
        vm.Turn(() => fetched.Count == 3);
        Assert.Equal(["text", "text", "text"], fetched);
        Assert.Equal(2, vm.Qemu.Clipboard.Events.Count(seen => seen.Member == "Request"));
    }

    [Theory]
    [InlineData("Test\0", "Test")]
    [InlineData("a\r\nb\r\n", "a\nb\n")]
    [InlineData("a\rb\n", "a\rb\n")]
    [InlineData("\r", "\r")]
    public void A_text_of_Windows_gets_the_ends_of_ours(string theirs, string ours)
    {
        using var vm = Registered();
        var (owners, text) = (Owners(vm), (byte[]?)null);
        vm.Qemu.Clipboard.GuestGrab(0, 0, theirs);
        vm.Turn(() => owners.Count == 1);
        Selection(vm).Fetch(got => text = got.Bytes);
        vm.Turn(() => text is not null);
        Assert.Equal(ours, Encoding.UTF8.GetString(text!));
    }

    [Fact]
    public void Selections_are_separate_and_other_types_are_ignored()
    {
        using var vm = Registered();
        var owners = Owners(vm);
        vm.Qemu.Clipboard.GuestGrab(1, 0, "primary");
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
        Assert.Empty(owners);
        Assert.Equal(SelectionOwner.Guest, vm.Guest.Clipboard!.Primary.Owner);
    }

    [Fact]
    public void A_text_that_is_too_long_for_the_agent_is_not_sent()
    {
        using var vm = Registered();
        Selection(vm).Offer(done => done(new byte[(1 << 20) + 1]));
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1] is { Member: "Answer", Mime: "none" });
    }

    [Fact]
    public void A_text_of_the_guest_that_is_too_long_is_dropped()
    {
        using var vm = Registered();
        var (owners, fetched) = (Owners(vm), new List<GuestText>());
        vm.Qemu.Clipboard.GuestGrab(0, 1, new string('x', (1 << 20) + 1));
        vm.Turn(() => owners.Count == 1);
        Selection(vm).Fetch(fetched.Add);
        vm.Turn(() => fetched.Count > 0);
        Assert.Equal([new GuestText(null, IsTooLong: true)], fetched);
    }

    [Fact]
    public void A_text_that_the_guest_does_not_send_is_null()
    {
        using var vm = Registered(new QemuSetup { ClipboardTimeout = TimeSpan.FromMilliseconds(50) });
        var (owners, fetched) = (Owners(vm), new List<GuestText>());
        Selection(vm).Fetch(fetched.Add);
        Assert.Equal([default], fetched);
        vm.Qemu.Clipboard.GuestGrab(0, 1, null);
        vm.Turn(() => owners.Count == 1);
        Selection(vm).Fetch(fetched.Add);
        vm.Turn(() => fetched.Count == 2);
        Assert.Null(fetched[1].Bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pending_fetch_ends_with_the_VM(bool onlyListener)
    {
        using var vm = Registered();
        var (owners, fetched) = (Owners(vm), new List<GuestText>());
        vm.Qemu.Clipboard.GuestGrab(0, 1, null);
        vm.Turn(() => owners.Count == 1);
        Selection(vm).Fetch(fetched.Add);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Request");
        if (onlyListener)
            vm.Qemu.Console.CloseListeners();
        else
            vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.Equal([default], fetched);
        Assert.Equal([SelectionOwner.Guest, SelectionOwner.Nobody], owners);
    }

    [Fact]
    public void A_late_text_for_a_VM_that_has_gone_is_dropped()
    {
        using var vm = Registered();
        Action<byte[]?>? answer = null;
        Selection(vm).Offer(done => answer = done);
        vm.Turn(() => vm.Qemu.Clipboard.Events[^1].Member == "Grab");
        vm.Qemu.Clipboard.GuestRequest(0);
        vm.Turn(() => answer is not null);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        answer!("too late"u8.ToArray());
        Assert.True(vm.Qemu.WaitUntil(q => !q.IsBlocked, s_soon));
    }
}

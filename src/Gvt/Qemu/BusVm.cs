using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>A QEMU on a message bus. All of them queue for one name, which the first of them owns.</summary>
/// <param name="Owner">Its unique name, which is never given to another program.</param>
/// <param name="Name">Of -name; QEMU gives one without it "QEMU" and its version.</param>
/// <param name="Uuid">Of -uuid; null for none.</param>
/// <param name="Pid">Its process; 0 if the bus does not know.</param>
internal sealed record BusVm(string Owner, string Name, string? Uuid, int Pid)
{
    /// <summary>QEMU's name on a bus (ui/dbus.c).</summary>
    private const string BusName = "org.qemu";

    /// <summary>Who answers nothing for that long is listed by its process only.</summary>
    private const long AnswerWithinNs = 2_000_000_000;

    /// <summary>Any program may queue for the name.</summary>
    private const int Most = 64;

    private const string NoUuid = "00000000-0000-0000-0000-000000000000";

    private static readonly byte[] s_bus = Bus.ZeroEnded("org.freedesktop.DBus");
    private static readonly byte[] s_vm = Bus.ZeroEnded("/org/qemu/Display1/VM");

    /// <summary>As a message names it.</summary>
    public override string ToString() => $"\"{Name}\" (pid {Pid}{(Uuid is null ? "" : $", UUID {Uuid}")})";

    /// <summary>Lists the VMs of a bus, the owner of the name first.</summary>
    /// <param name="done">Called once with the VMs, or with a clause in place of them.</param>
    public static void List(Bus bus, Action<IReadOnlyList<BusVm>, string?> done) =>
        CallBus(bus, "ListQueuedOwners"u8, BusName, answer =>
        {
            if (answer.Error is { } error && !error.Contains("NameHasNoOwner", StringComparison.Ordinal))
                done([], $"the bus does not list its VMs ({error})");
            else
                TryDescribe(bus, answer, done);
        });

    private static void TryDescribe(Bus bus, BusMessage answer, Action<IReadOnlyList<BusVm>, string?> done)
    {
        try
        {
            Describe(bus, ReadNames(answer), done);
        }
        catch (BusException e)
        {
            // The connection has ended, or the names are malformed.
            done([], $"the bus does not list its VMs ({e.Message})");
        }
    }

    private static List<string> ReadNames(BusMessage answer)
    {
        var names = new List<string>();
        if (answer.IsError || !answer.HasSignature("as"u8))
            return names;
        answer.Enter('a', "s"u8);
        while (names.Count < Most && answer.TryReadString() is { } name)
            names.Add(name);
        return names;
    }

    private static void Describe(Bus bus, List<string> owners, Action<IReadOnlyList<BusVm>, string?> done)
    {
        var vms = owners.Select(owner => new BusVm(owner, "", null, 0)).ToArray();
        var left = owners.Count * 2;
        if (left == 0)
            done(vms, null);
        for (var i = 0; i < vms.Length; i++)
        {
            var index = i;
            CallBus(bus, "GetConnectionUnixProcessID"u8, owners[i], answer => Take(vms[index] with
            {
                Pid = !answer.IsError && answer.HasSignature("u"u8) ? (int)answer.ReadUInt32() : 0,
            }));
            bus.Call(Bus.ZeroEnded(owners[i]), s_vm, "org.freedesktop.DBus.Properties"u8, "GetAll"u8)
                .Add("org.qemu.Display1.VM").Send(answer => Take(Read(vms[index], answer)), AnswerWithinNs);

            bool Take(BusVm described)
            {
                vms[index] = described;
                if (--left == 0)
                    done([.. vms.Select(Named)], null);
                return true;
            }
        }
    }

    private static void CallBus(Bus bus, ReadOnlySpan<byte> member, string argument, Action<BusMessage> answered) =>
        bus.Call(s_bus, "/org/freedesktop/DBus\0"u8, s_bus, member).Add(argument).Send(answer =>
        {
            answered(answer);
            return true;
        }, AnswerWithinNs);

    private static BusVm Read(BusVm vm, BusMessage answer)
    {
        if (answer.IsError || !answer.HasSignature("a{sv}"u8))
            return vm;
        try
        {
            var entries = 0;
            answer.Enter('a', "{sv}"u8);
            while (answer.EnterEntry("sv"u8, ref entries))
            {
                var property = answer.ReadString();
                if (property is not ("Name" or "UUID") || answer.PeekVariant() != 's')
                    answer.SkipVariant();
                else if (answer.ReadStringVariant() is var value && property == "Name")
                    vm = vm with { Name = value };
                else
                    vm = vm with { Uuid = value == NoUuid ? null : value };
                answer.Exit();
            }
            return vm;
        }
        catch (BusException)
        {
            // Malformed: what was read before counts.
            return vm;
        }
    }

    /// <summary>A VM that is stopped does not answer, but its command line has its name.</summary>
    private static BusVm Named(BusVm vm) => vm.Name.Length == 0 && vm.Pid > 0 && QemuCommandLine.Of(vm.Pid) is var written
        ? vm with { Name = written.Name ?? "", Uuid = written.Uuid } : vm;
}

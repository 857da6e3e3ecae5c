using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Something that can be shown, or why it cannot.</summary>
/// <param name="Source">Null if it cannot be chosen.</param>
/// <param name="Words">Its line in the list.</param>
internal sealed record PickerEntry(string? Source, string Words);

/// <summary>Finds what <c>guestplane list</c> does, again and again, in another thread.</summary>
/// <param name="connection">The URI of libvirt's connection; null for libvirt's default.</param>
internal sealed class PickerLookup(string? connection) : IDisposable
{
    /// <summary>A question to libvirt may start its daemon.</summary>
    private const long DomainsNs = 30_000_000_000;

    /// <summary>A longer name leaves no room for what is known about the VM.</summary>
    private const int LongestName = 40;

    private readonly Loop _loop = new();
    private Task<List<FoundVm>>? _asked;
    private List<FoundVm> _domains = [];
    private Task _last = Task.CompletedTask;
    private long _nextDomains;

    /// <summary>Calls back in the other thread; never if the look-up was disposed meanwhile, or one is under way.</summary>
    public void Begin(Action<List<PickerEntry>> found)
    {
        if (_last.IsCompleted)
            _last = Task.Run(() => Find(found));
    }

    public void Dispose()
    {
        _loop.Stop();
        // What waits for a VM ends with the loop. It may have failed: a device or a bus went away in that moment.
        _last.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        _loop.Dispose();
    }

    private void Find(Action<List<PickerEntry>> found)
    {
        // libvirt's daemon may hang. Its answer is for the next look.
        if (_asked is { IsCompleted: true })
            (_domains, _asked) = (_asked.IsCompletedSuccessfully ? _asked.Result : [], null);
        if (_asked is null && Clock.Now >= _nextDomains)
            (_asked, _nextDomains) = (Task.Run(() => QemuInventory.AskForDomains(connection, out _)), Clock.Now + DomainsNs);
        List<PickerEntry> entries =
        [
            .. QemuInventory.FindBriefly(_loop).Concat(_domains).Select(Of), .. VfioInventory.Mediated().Select(Of),
        ];
        if (!_loop.Stopped)
            found(entries);
    }

    private static PickerEntry Of(FoundVm vm)
    {
        var name = vm.Name.Length == 0 ? "a VM without a name"
            : vm.Name.Length > LongestName ? Messages.OneLine(vm.Name[..LongestName]) + "…" : Messages.OneLine(vm.Name);
        return new(vm.Source, vm.By switch
        {
            FoundBy.Libvirt => $"{name}: libvirt",
            FoundBy.Share => $"{Messages.OneLine(Path.GetFileName(vm.Source!))}: guestplane share",
            _ when vm.Source is null => $"{name} (pid {vm.Pid}): QEMU without a QMP socket",
            _ => $"{name} (pid {vm.Pid}): QEMU",
        });
    }

    private static PickerEntry Of(FoundVgpu vgpu) => new(vgpu.Source, $"{vgpu.Type}, {vgpu.Source["vfio:".Length..]}: vGPU");
}

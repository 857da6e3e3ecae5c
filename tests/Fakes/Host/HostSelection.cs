using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes;

/// <summary>
/// The clipboard or the primary selection of a seat. A set_selection that weston and mutter ignore without a word is ignored here, too:
/// one whose serial is not newer than that of the present selection (weston_seat_set_selection,
/// meta_wayland_data_device_set_selection).
/// </summary>
internal sealed class HostSelection(FakeHost host, bool isPrimary)
{
    private uint _serial;
    private HostClient? _focus;

    /// <summary>The client's source; null if nobody or a program of the desktop has the selection.</summary>
    public HostSource? Source { get; private set; }

    public DesktopCopy? Copy { get; private set; }

    public int Ignored { get; private set; }

    public void Set(HostSource? source, uint serial, HostClient client)
    {
        var isNewer = (Source is null && Copy is null) || _serial - serial >= uint.MaxValue / 2;
        if (!isNewer || (host.Setup.SelectionNeedsFocus && _focus != client))
            Ignored++;
        else
            Replace(source, null, serial);
        if (source is not null)
            source.Selection = this;
    }

    /// <summary>A program of the desktop copies, or clears the selection (null).</summary>
    public void SetByDesktop(DesktopCopy? copy) => Replace(null, copy, host.NextSerial());

    /// <summary>weston sends the selection with each focus, mutter only to a client that had none.</summary>
    public void Focus(HostClient? client)
    {
        var isSame = client == _focus;
        _focus = client;
        if (!isSame || !host.Setup.SelectionNeedsFocus)
            SendSelection();
    }

    public void Forget(HostSource source)
    {
        if (Source == source)
            Replace(null, null, _serial);
    }

    /// <summary>A program of the desktop reads the selection.</summary>
    public HostPaste Paste(string type)
    {
        if (Source is null)
            return new HostPaste(Copy?.Content ?? []);
        var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        PasteInto(pipe.ClientSafePipeHandle, type);
        pipe.DisposeLocalCopyOfClientHandle();
        return new HostPaste(pipe);
    }

    /// <summary>The compositor passes on whatever a program sends in place of a pipe.</summary>
    public void PasteInto(SafeHandle descriptor, string type)
    {
        using var end = new HostFd(Libc.Fcntl(descriptor, Libc.F_DUPFD_CLOEXEC, 0), host.Fds);
        Source!.Tell("send", type, end);
    }

    private void Replace(HostSource? source, DesktopCopy? copy, uint serial)
    {
        var before = Source;
        (Source, Copy, _serial) = (source, copy, serial);
        if (before is { Destroyed: false } && before != source)
            before.Tell("cancelled");
        SendSelection();
    }

    /// <summary>Only the client with the keyboard learns of the selection.</summary>
    private void SendSelection()
    {
        if (_focus is not { Closed: false })
            return;
        foreach (var device in _focus.All<HostSelectionDevice>().Where(device => device.Selection == this).ToList())
            device.Tell("selection", Source is null && Copy is null ? null : Offer(device));
    }

    private HostOffer Offer(HostSelectionDevice device)
    {
        var name = isPrimary ? "zwp_primary_selection_offer_v1" : "wl_data_offer";
        var offer = device.Client.CreateFromServer<HostOffer>(name, device.Version);
        device.Tell("data_offer", offer);
        offer.Start(Source, Copy);
        return offer;
    }
}

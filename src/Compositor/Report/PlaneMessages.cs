using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>Reports to the user how a plane is shown, and what keeps it from being shown well.</summary>
/// <param name="messages">Receives the sentences.</param>
/// <param name="head">The head's name.</param>
/// <param name="plane">"primary", "cursor" or "overlay".</param>
/// <param name="isQemu">True if the guest is a VM by QEMU's D-Bus display.</param>
internal sealed class PlaneMessages(Messages messages, string head, string plane, bool isQemu) : PlaneObserver
{
    private const string Bytes = "The VM gives its images as bytes, which are copied. For images without a copy, start QEMU with "
        + "-display dbus,gl=on on a machine with a GPU.";

    public override void TransportChosen(Scanout scanout, in TransportChoice choice)
    {
        // The usual case without gl=on, and of every pointer image: QEMU sends those as bytes.
        if (scanout.Kind == MemoryKind.Bytes && choice.Transport == Transport.Copy && isQemu)
        {
            if (plane == "primary")
                messages.InfoOnce(Bytes);
            return;
        }
        var what = choice.Transport == Transport.Impossible ? "cannot be shown" : $"goes by {choice.Transport.Spelled()}";
        var sentence = $"head {head}: the {plane} plane ({scanout}) {what}{(choice.Reason is null ? "" : $": {choice.Reason}")}";
        if (choice.Reason is null)
            messages.Info(sentence);
        else
            messages.Warn(sentence);
    }

    public override void TurnedOver() => messages.Warn(
        $"head {head}: the image is upside down in memory (y0_top): the compositor turns it over, and so cannot scan it out");

    public override void FenceOverdue() => messages.Warn(
        $"head {head}: the VM's GPU has not finished a frame for a second (the fence of its dma-buf): the compositor "
        + "waits for it and shows nothing newer; if it goes on, look in the kernel's log for a hung GPU");
}

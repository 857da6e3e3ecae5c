using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// The programs of the desktop that read the guest's text. A pipe has no other sign for "no text" than its end, which is the
/// sign of an empty text, too. So a program waits until the text comes, and it is requested again; or until the guest's text is
/// no longer the selection.
/// </summary>
internal sealed class TextReaders : IDisposable
{
    /// <summary>A desktop has a few programs that read a selection; of more than these, the oldest are cut off.</summary>
    private const int MaxSenders = 16;

    private const long PauseNs = 1_000_000_000;

    private readonly Loop _loop;
    private readonly IGuestSelection _guest;
    private readonly Messages _messages;
    private readonly List<TextSender> _senders = [];
    private readonly LoopTimer _again;

    public TextReaders(Loop loop, IGuestSelection guest, Messages messages)
    {
        (_loop, _guest, _messages) = (loop, guest, messages);
        loop.Add(_again = new LoopTimer(_ => RequestAll()));
    }

    /// <summary>A program reads the guest's text.</summary>
    /// <param name="pipe">Owned by this object from now on.</param>
    public void Add(Fd pipe)
    {
        if (_senders.Count == MaxSenders)
            _senders[0].Dispose();
        if (Sender(pipe) is not { } sender)
        {
            pipe.Dispose();
            return;
        }
        _senders.Add(sender);
        Request(sender);
    }

    /// <summary>Requests the text for all programs that wait for one: the guest copied again.</summary>
    public void RequestAll()
    {
        foreach (var sender in _senders.ToArray())
            if (sender is { HasText: false, IsRequested: false })
                Request(sender);
    }

    /// <summary>Closes the pipes for which no text came. The guest's text must not be the selection any more.</summary>
    public void EndWaiting()
    {
        _again.Cancel();
        foreach (var sender in _senders.ToArray())
            if (!sender.HasText)
                sender.Dispose();
    }

    public void Dispose()
    {
        _loop.Remove(_again);
        foreach (var sender in _senders.ToArray())
            sender.Dispose();
    }

    /// <summary>Null for what a program may send in place of a pipe: a file could block, O_PATH cannot be written.</summary>
    private TextSender? Sender(Fd pipe)
    {
        try
        {
            return pipe.Borrow().IsStream ? new TextSender(_loop, pipe, ended => _senders.Remove(ended)) : null;
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    private void Request(TextSender sender)
    {
        sender.IsRequested = true;
        _guest.Fetch(text =>
        {
            sender.IsRequested = false;
            if (_senders.Contains(sender))
                Answer(sender, text);
        });
    }

    private void Answer(TextSender sender, GuestText text)
    {
        if (text.Bytes is { } bytes)
            sender.Write(bytes);
        else if (text.IsTooLong)
            _messages.Warn($"A text that was copied in the VM is longer than {_guest.MaxBytes >> 20} MiB and cannot be pasted on "
                + "the desktop: copy less at a time.");
        else
            _again.Set(Clock.Now + PauseNs);
    }
}

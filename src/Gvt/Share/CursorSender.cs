using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>Sends a head's cursor to one client: the newest image and position, when the last ones were answered.</summary>
/// <remarks>Its methods throw a <see cref="BusException"/> if the connection has ended.</remarks>
internal sealed class CursorSender(SharedCursor cursor, ListenerCalls calls, BusAnswer answer)
{
    private const int Unsent = -1;

    private int _awaited, _image, _move;

    /// <summary>True until the client has answered everything.</summary>
    public bool IsWaiting => _awaited > 0;

    /// <summary>True while the cursor is sent in another way.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>The cursor is sent in another way from now on, until <see cref="Send"/>.</summary>
    public void Stop() => IsStopped = true;

    /// <summary>Sends what the client has not been sent yet; everything, if the cursor was sent in another way before.</summary>
    public void Send()
    {
        if (IsStopped)
            (IsStopped, _image, _move) = (false, Unsent, Unsent);
        SendNewest();
    }

    /// <summary>Takes an answer to one of the calls. A client that shows no cursor may reject them.</summary>
    public void Answered()
    {
        _awaited--;
        if (!IsStopped)
            SendNewest();
    }

    private void SendNewest()
    {
        if (_awaited > 0)
            return;
        cursor.Refresh();
        if (cursor is { IsOn: true, Image: > 0 } && cursor.Image != _image)
        {
            _image = cursor.Image;
            calls.DefineCursor(cursor, answer);
            _awaited++;
        }
        if (cursor.Move == _move)
            return;
        _move = cursor.Move;
        calls.MoveCursor(cursor, answer);
        _awaited++;
    }
}

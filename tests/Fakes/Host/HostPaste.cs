using System.IO.Pipes;
using System.Text;

namespace Guestplane.Tests.Fakes;

/// <summary>A program of the fake desktop that reads a selection.</summary>
public sealed class HostPaste : IDisposable
{
    private readonly AnonymousPipeServerStream? _pipe;
    private Task<byte[]>? _text;

    internal HostPaste(byte[] text) => _text = Task.FromResult(text);

    internal HostPaste(AnonymousPipeServerStream pipe) => _pipe = pipe;

    /// <summary>True if the other side has closed the pipe.</summary>
    public bool HasEnded
    {
        get
        {
            Libc.PollFd[] polled = [new() { Fd = (int)_pipe!.SafePipeHandle.DangerousGetHandle() }];
            return Libc.Poll(polled, 1, 0) > 0;
        }
    }

    /// <summary>The whole text, up to the pipe's end.</summary>
    public string Read(TimeSpan patience)
    {
        _text ??= Task.Factory.StartNew(ReadToEnd, TaskCreationOptions.LongRunning);
        if (!_text.Wait(patience))
            throw new TimeoutException("the pipe does not end");
        return Encoding.UTF8.GetString(_text.Result);
    }

    /// <summary>Closes our end; while a read waits, it would wait, too.</summary>
    public void Dispose()
    {
        if (_text is null or { IsCompleted: true })
            _pipe?.Dispose();
    }

    private byte[] ReadToEnd()
    {
        using var text = new MemoryStream();
        _pipe!.CopyTo(text);
        return text.ToArray();
    }
}

using Guestplane.Linux;

namespace Guestplane.Gvt;

/// <summary>
/// A VM's displays, however its planes are had. Either it pushes flips by itself (from the loop), or it has to be asked:
/// then whoever knows when the host looks next calls <see cref="Ask"/> just before.
/// </summary>
public interface IGuest : IDisposable
{
    /// <summary>As the user named it: "vfio:…", "pattern".</summary>
    string Source { get; }

    /// <summary>As a window's title calls it.</summary>
    string Title => Source;

    IReadOnlyList<Head> Heads { get; }

    /// <summary>The kernel's interface has no notification: the planes must be queried.</summary>
    bool IsAsked { get; }

    /// <summary>Null for a guest without one.</summary>
    IGuestClipboard? Clipboard => null;

    /// <summary>Begins. From now on flips may be raised.</summary>
    void Start(Loop loop);

    /// <summary>Asks for the planes now, and raises what has flipped. Returns when to ask again at the earliest (ns): later than now after an error.</summary>
    long Ask(long now);

    /// <summary>dma-bufs that were taken from the guest so far: one per framebuffer, however often it flips.</summary>
    int DmaBufs { get; }

    /// <summary>The guest is gone, with one sentence; it raises nothing after it, unless it returns.</summary>
    event Action<string>? Lost;

    /// <summary>The same source may be there again after it was lost.</summary>
    bool CanReturn => false;

    /// <summary>After <see cref="Lost"/>: looks for it until it is there, and then raises <see cref="Returned"/>.</summary>
    void Return() => throw new NotSupportedException();

    event Action? Returned
    {
        add { }
        remove { }
    }
}

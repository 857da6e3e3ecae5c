using Guestplane.Linux;

namespace Guestplane.Gvt;

/// <summary>
/// One life of a VM: created, opened, started, and at some time lost. A VM that is back is another guest, which takes over the
/// heads of the one before, with their last images. A pushed guest raises its flips from the loop. A polled guest is polled by
/// <see cref="Poll"/>, just before the compositor repaints.
/// </summary>
public interface IGuest : IDisposable
{
    /// <summary>As the user named it: "vfio:…", "pattern".</summary>
    string Source { get; }

    string Title => Source;

    /// <summary>The displays of this life; known once it is open.</summary>
    IReadOnlyList<Head> Heads { get; }

    /// <summary>True if the planes must be polled, because the kernel's interface sends no notification.</summary>
    bool IsPolled { get; }

    /// <summary>Null if the guest has none. It outlives a life, as a head does.</summary>
    IGuestClipboard? Clipboard => null;

    /// <summary>The way that the planes come; null if there is only one.</summary>
    PlanesChoice? Planes => null;

    /// <summary>True if it may be disposed while it is open, and a next life be opened: nothing of this one need stay.</summary>
    bool MayClose => false;

    /// <summary>Connects to the guest and finds its heads. A guest that is open once created has nothing to do.</summary>
    /// <param name="done">Called once, now or later: with null, or with the reason why the guest cannot be opened.</param>
    void Open(Action<SourceException?> done) => done(null);

    /// <summary>Lets the guest raise flips from now on.</summary>
    /// <exception cref="SourceException">The guest rejects what the user requested.</exception>
    void Start(Loop loop);

    /// <summary>Polls the planes and raises their flips.</summary>
    /// <returns>The earliest time of the next poll, ns: later than now after an error.</returns>
    long Poll(long now);

    /// <summary>How long after <see cref="Poll"/> the flips are raised that it finds, ns: 0 if it raises them itself.</summary>
    long PollDelay => 0;

    /// <summary>dma-bufs received so far, in this life and those before: one per framebuffer, however often it flips.</summary>
    int DmaBufs { get; }

    /// <summary>An open guest is gone: one sentence. Raised once, also before the start; nothing is raised after it.</summary>
    event Action<string>? Lost;
}

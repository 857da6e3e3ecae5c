namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>Something with a descriptor that the fake's thread watches.</summary>
internal interface IQemuSource : IDisposable
{
    bool IsClosed { get; }

    /// <summary>-1 if there is nothing to watch.</summary>
    int Descriptor { get; }

    bool WantsToWrite { get; }

    void Read();

    void Flush();
}

namespace Guestplane.Tests.Fakes;

/// <summary>Thrown by a request handler; becomes a <see cref="Violation"/> and wl_display.error on the object.</summary>
internal sealed class ProtocolFault(HostObject target, uint code, string text) : Exception(text)
{
    public HostObject Target { get; } = target;

    public uint Code { get; } = code;
}

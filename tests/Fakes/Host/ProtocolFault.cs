namespace Guestplane.Tests.Fakes;

/// <summary>Thrown by a request handler; becomes a <see cref="Violation"/> and a wl_display.error for the object.</summary>
internal sealed class ProtocolFault(HostObject target, uint code, string text) : Exception(text)
{
    public HostObject Target { get; } = target;

    public uint Code { get; } = code;
}

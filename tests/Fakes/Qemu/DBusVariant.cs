namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A value with its type.</summary>
internal sealed record DBusVariant(string Signature, object Value);

/// <summary>An element of a dictionary, which on the wire is an array of pairs.</summary>
internal sealed record DBusEntry(object Key, object Value);

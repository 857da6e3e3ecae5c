namespace Guestplane.Tests.Fakes;

/// <summary>Something that the client did and that a strict host would refuse.</summary>
public sealed record Violation(string Text)
{
    public override string ToString() => Text;
}

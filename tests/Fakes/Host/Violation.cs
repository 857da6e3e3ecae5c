namespace Guestplane.Tests.Fakes;

/// <summary>A request of the client that a strict compositor would reject.</summary>
public sealed record Violation(string Text)
{
    public override string ToString() => Text;
}

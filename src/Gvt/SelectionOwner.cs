namespace Guestplane.Gvt;

/// <summary>Who copied last, and still has the text.</summary>
public enum SelectionOwner
{
    Nobody,
    Desktop,
    Guest,
}

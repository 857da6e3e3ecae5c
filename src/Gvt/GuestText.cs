namespace Guestplane.Gvt;

/// <summary>The answer to a request for the guest's text.</summary>
/// <param name="Bytes">UTF-8 with LF as line ends. Null if no text arrived.</param>
/// <param name="IsTooLong">The text arrived, but it is longer than <see cref="IGuestSelection.MaxBytes"/>.</param>
public readonly record struct GuestText(byte[]? Bytes, bool IsTooLong = false);

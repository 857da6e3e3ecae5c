namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>
/// The messages of a QEMU 7.2 (-name probe -vga std -display dbus,p2p=yes) to a client that made these calls, in this order.
/// </summary>
internal static class Recorded
{
    /// <summary>GetManagedObjects, the first call.</summary>
    public const string Objects = """
        bAIBAegDAAABAAAAIAAAAAgBZwANYXtvYXtzYXtzdn19fQAAAAAAAAUBdQABAAAA4AMAAAAAAAAkAAAAL29yZy9xZW11L0Rpc3BsYXkxL0NoYXJk
        ZXZfcGFyYWxsZWwwAAAAAH0AAAAZAAAAb3JnLnFlbXUuRGlzcGxheTEuQ2hhcmRldgAAAFUAAAAAAAAABAAAAE5hbWUAAXMAAAAAAAAAAAAAAAAA
        CAAAAEZFT3BlbmVkAAFiAAEAAAAAAAAABAAAAEVjaG8AAWIAAAAAAAUAAABPd25lcgABcwAAAAAAAAAAAAAAACIAAAAvb3JnL3FlbXUvRGlzcGxh
        eTEvQ2hhcmRldl9zZXJpYWwwAACVAAAAAAAAABkAAABvcmcucWVtdS5EaXNwbGF5MS5DaGFyZGV2AAAAbQAAAAAAAAAEAAAATmFtZQABcwAZAAAA
        b3JnLnFlbXUuY29uc29sZS5zZXJpYWwuMAAAAAAAAAAIAAAARkVPcGVuZWQAAWIAAQAAAAAAAAAEAAAARWNobwABYgAAAAAABQAAAE93bmVyAAFz
        AAAAAAAAAAAAAAAAHAAAAC9vcmcvcWVtdS9EaXNwbGF5MS9Db25zb2xlXzAAAAAAQAEAABkAAABvcmcucWVtdS5EaXNwbGF5MS5Db25zb2xlAAAA
        mgAAAAAAAAAFAAAATGFiZWwAAXMAAAAAAwAAAFZHQQAEAAAASGVhZAABdQAAAAAABAAAAFR5cGUAAXMABwAAAEdyYXBoaWMABQAAAFdpZHRoAAF1
        AAAAAIACAAAAAAAABgAAAEhlaWdodAABdQAAAOABAAAAAAAADQAAAERldmljZUFkZHJlc3MAAXMAAAAADQAAAHBjaS8wMDAwLzAyLjAAAAAAAAAA
        FwAAAG9yZy5xZW11LkRpc3BsYXkxLk1vdXNlABgAAAAKAAAASXNBYnNvbHV0ZQABYgAAAAAAAAAaAAAAb3JnLnFlbXUuRGlzcGxheTEuS2V5Ym9h
        cmQAABgAAAAAAAAACQAAAE1vZGlmaWVycwABdQAAAAAAAAAAFQAAAC9vcmcvcWVtdS9EaXNwbGF5MS9WTQAAAIwAAAAUAAAAb3JnLnFlbXUuRGlz
        cGxheTEuVk0AAAAAbAAAAAQAAABOYW1lAAFzAAUAAABwcm9iZQAAAAQAAABVVUlEAAFzACQAAAAwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAw
        MDAwMDAwMDAAAAAACgAAAENvbnNvbGVJRHMAAmF1AAAEAAAAAAAAAAAAAAAcAAAAL29yZy9xZW11L0Rpc3BsYXkxL0NsaXBib2FyZAAAAAAoAAAA
        GwAAAG9yZy5xZW11LkRpc3BsYXkxLkNsaXBib2FyZAAAAAAAAAAAAA==
        """;

    /// <summary>PropertiesChanged of Console_0: Height 400, Width 720.</summary>
    public const string SizeChanged = """
        bAQBAVgAAAAYAAAAegAAAAEBbwAcAAAAL29yZy9xZW11L0Rpc3BsYXkxL0NvbnNvbGVfMAAAAAACAXMAHwAAAG9yZy5mcmVlZGVza3RvcC5EQnVz
        LlByb3BlcnRpZXMACAFnAAhzYXtzdn1hcwAAAAMBcwARAAAAUHJvcGVydGllc0NoYW5nZWQAAAAAAAAAGQAAAG9yZy5xZW11LkRpc3BsYXkxLkNv
        bnNvbGUAAAAsAAAAAAAAAAYAAABIZWlnaHQAAXUAAACQAQAAAAAAAAUAAABXaWR0aAABdQAAAADQAgAAAAAAAA==
        """;

    /// <summary>The first message to a listener: GetAll.</summary>
    public const string ListenerGetAll = """
        bAEAAR8AAAABAAAAZwAAAAEBbwAbAAAAL29yZy9xZW11L0Rpc3BsYXkxL0xpc3RlbmVyAAAAAAACAXMAHwAAAG9yZy5mcmVlZGVza3RvcC5EQnVz
        LlByb3BlcnRpZXMACAFnAAFzAAADAXMABgAAAEdldEFsbAAAGgAAAG9yZy5xZW11LkRpc3BsYXkxLkxpc3RlbmVyAA==
        """;

    /// <summary>The second: Scanout, up to its first pixels.</summary>
    public const string ListenerScanout = """
        bAEBARTAEgACAAAAcAAAAAEBbwAbAAAAL29yZy9xZW11L0Rpc3BsYXkxL0xpc3RlbmVyAAAAAAACAXMAGgAAAG9yZy5xZW11LkRpc3BsYXkxLkxp
        c3RlbmVyAAAAAAAACAFnAAZ1dXV1YXkAAAAAAAMBcwAHAAAAU2Nhbm91dACAAgAA4AEAAAAKAACICAIgAMASAAAAAAAAAAAA
        """;

    /// <summary>The answers to the calls after it.</summary>
    public static readonly IReadOnlyList<string> Answers =
    [
        // Get Console.Width
        """
        bAIBAQgAAAACAAAAEAAAAAgBZwABdgAABQF1AAIAAAABdQAAgAIAAA==
        """,
        // Get of a property that is not there
        """
        bAMBASAAAAADAAAAQAAAAAQBcwAmAAAAb3JnLmZyZWVkZXNrdG9wLkRCdXMuRXJyb3IuSW52YWxpZEFyZ3MAAAgBZwABcwAABQF1AAMAAAAbAAAA
        Tm8gc3VjaCBwcm9wZXJ0eSDigJxOb3Bl4oCdAA==
        """,
        // Get of an interface that is not there
        """
        bAMBATMAAAAEAAAAQAAAAAQBcwAmAAAAb3JnLmZyZWVkZXNrdG9wLkRCdXMuRXJyb3IuSW52YWxpZEFyZ3MAAAgBZwABcwAABQF1AAQAAAAuAAAA
        Tm8gc3VjaCBpbnRlcmZhY2Ug4oCcb3JnLnFlbXUuRGlzcGxheTEuTm9wZeKAnQA=
        """,
        // GetAll of Console
        """
        bAIBAaIAAAAFAAAAGAAAAAgBZwAFYXtzdn0AAAAAAAAFAXUABQAAAJoAAAAAAAAABQAAAExhYmVsAAFzAAAAAAMAAABWR0EABAAAAEhlYWQAAXUA
        AAAAAAQAAABUeXBlAAFzAAcAAABHcmFwaGljAAUAAABXaWR0aAABdQAAAACAAgAAAAAAAAYAAABIZWlnaHQAAXUAAADgAQAAAAAAAA0AAABEZXZp
        Y2VBZGRyZXNzAAFzAAAAAA0AAABwY2kvMDAwMC8wMi4wAA==
        """,
        // Ping
        """
        bAIBAQAAAAAGAAAACAAAAAUBdQAGAAAA
        """,
        // SetUIInfo on Console_9
        """
        bAMBAUUAAAAHAAAASAAAAAQBcwAoAAAAb3JnLmZyZWVkZXNrdG9wLkRCdXMuRXJyb3IuVW5rbm93bk1ldGhvZAAAAAAAAAAACAFnAAFzAAAFAXUA
        BwAAAEAAAABPYmplY3QgZG9lcyBub3QgZXhpc3QgYXQgcGF0aCDigJwvb3JnL3FlbXUvRGlzcGxheTEvQ29uc29sZV854oCdAA==
        """,
        // Console.Nope
        """
        bAMBAR4AAAAIAAAASAAAAAQBcwAoAAAAb3JnLmZyZWVkZXNrdG9wLkRCdXMuRXJyb3IuVW5rbm93bk1ldGhvZAAAAAAAAAAACAFnAAFzAAAFAXUA
        CAAAABkAAABObyBzdWNoIG1ldGhvZCDigJxOb3Bl4oCdAA==
        """,
        // Nope.Nope
        """
        bAMBAWIAAAAJAAAASAAAAAQBcwAoAAAAb3JnLmZyZWVkZXNrdG9wLkRCdXMuRXJyb3IuVW5rbm93bk1ldGhvZAAAAAAAAAAACAFnAAFzAAAFAXUA
        CQAAAF0AAABObyBzdWNoIGludGVyZmFjZSDigJxvcmcucWVtdS5EaXNwbGF5MS5Ob3Bl4oCdIG9uIG9iamVjdCBhdCBwYXRoIC9vcmcvcWVtdS9E
        aXNwbGF5MS9Db25zb2xlXzAA
        """,
        // SetUIInfo(s)
        """
        bAMBAUwAAAAKAAAAQAAAAAQBcwAmAAAAb3JnLmZyZWVkZXNrdG9wLkRCdXMuRXJyb3IuSW52YWxpZEFyZ3MAAAgBZwABcwAABQF1AAoAAABHAAAA
        VHlwZSBvZiBtZXNzYWdlLCDigJwocynigJ0sIGRvZXMgbm90IG1hdGNoIGV4cGVjdGVkIHR5cGUg4oCcKHFxaWl1dSnigJ0A
        """,
        // SetUIInfo
        """
        bAMBAR8AAAALAAAAQAAAAAQBcwAjAAAAb3JnLnFlbXUuRGlzcGxheTEuRXJyb3IuVW5zdXBwb3J0ZWQAAAAAAAgBZwABcwAABQF1AAsAAAAaAAAA
        U2V0VUlJbmZvIGlzIG5vdCBzdXBwb3J0ZWQA
        """,
        // Mouse.SetAbsPosition
        """
        bAMBARoAAAAMAAAAOAAAAAQBcwAfAAAAb3JnLnFlbXUuRGlzcGxheTEuRXJyb3IuSW52YWxpZAAIAWcAAXMAAAUBdQAMAAAAFQAAAE1vdXNlIGlz
        IG5vdCBhYnNvbHV0ZQA=
        """,
        // Mouse.RelMotion
        """
        bAIBAQAAAAANAAAAEAAAAAgBZwAAAAAABQF1AA0AAAA=
        """,
        // Keyboard.Press
        """
        bAIBAQAAAAAOAAAAEAAAAAgBZwAAAAAABQF1AA4AAAA=
        """,
        // Clipboard.Grab
        """
        bAMBARgAAAAPAAAAOAAAAAQBcwAeAAAAb3JnLnFlbXUuRGlzcGxheTEuRXJyb3IuRmFpbGVkAAAIAWcAAXMAAAUBdQAPAAAAEwAAAFVucmVnaXN0
        ZXJlZCBjYWxsZXIA
        """,
    ];

    public static byte[] Bytes(string base64) => Convert.FromBase64String(base64);
}

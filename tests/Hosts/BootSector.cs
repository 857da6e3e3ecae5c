namespace Guestplane.Tests.Hosts;

/// <summary>A guest of one sector: shows each key that the firmware gives it, as its character, or as "&lt;48&gt;" (its scancode) if it has none.</summary>
internal static class BootSector
{
    private const int Size = 512;

    /*
        start:  mov  ax, 0003h      ; 80x25 text, cleared
                int  10h
                mov  ah, 01h        ; no blinking cursor: the screen stands still
                mov  cx, 2000h
                int  10h
                mov  al, '>'
        show:   mov  ah, 0eh        ; as a teletype
                xor  bx, bx
                int  10h
        next:   xor  ah, ah         ; waits for a key: ah its scancode, al its character
                int  16h
                test al, al
                jnz  show
                mov  al, '<'
                call put
                mov  dl, ah
                shr  ah, 4
                mov  al, ah
                call digit
                mov  al, dl
                call digit
                mov  al, '>'
                jmp  show
        digit:  and  al, 0fh
                add  al, '0'
                cmp  al, '9'
                jbe  put
                add  al, 'a' - '9' - 1
        put:    push ax
                mov  ah, 0eh
                xor  bx, bx
                int  10h
                pop  ax
                ret
    */
    private static ReadOnlySpan<byte> Code =>
    [
        0xb8, 0x03, 0x00, 0xcd, 0x10, 0xb4, 0x01, 0xb9, 0x00, 0x20, 0xcd, 0x10, 0xb0, 0x3e, // start
        0xb4, 0x0e, 0x31, 0xdb, 0xcd, 0x10, // show
        0x30, 0xe4, 0xcd, 0x16, 0x84, 0xc0, 0x75, 0xf2, 0xb0, 0x3c, 0xe8, 0x1d, 0x00, 0x88, 0xe2, 0xc0, 0xec, 0x04, // next
        0x88, 0xe0, 0xe8, 0x09, 0x00, 0x88, 0xd0, 0xe8, 0x04, 0x00, 0xb0, 0x3e, 0xeb, 0xda,
        0x24, 0x0f, 0x04, 0x30, 0x3c, 0x39, 0x76, 0x02, 0x04, 0x27, // digit
        0x50, 0xb4, 0x0e, 0x31, 0xdb, 0xcd, 0x10, 0x58, 0xc3, // put
    ];

    /// <summary>What it begins with.</summary>
    public const string Prompt = ">";

    /// <summary>With the mark that firmware looks for.</summary>
    public static byte[] Keys => [.. Code, .. new byte[Size - Code.Length - 2], 0x55, 0xaa];
}

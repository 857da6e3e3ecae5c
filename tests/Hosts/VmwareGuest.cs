namespace Guestplane.Tests.Hosts;

/// <summary>
/// Plays the driver of a vmware-svga (QEMU, hw/display/vmware_vga.c), the one device whose pointer image can be set by a few
/// port and memory writes.
/// </summary>
internal sealed class VmwareGuest : IDisposable
{
    public const int Width = 640, Height = 480;

    public const int CursorWidth = 32, CursorHeight = 24, HotX = 5, HotY = 6;

    /// <summary>What the whole screen is, a grey.</summary>
    public const uint Background = 0x404040;

    // Registers.
    private const uint Enable = 1, WidthOf = 2, HeightOf = 3, ConfigDone = 20, CursorX = 25, CursorY = 26, CursorOn = 27;

    // The first words of the FIFO, and its commands.
    private const uint Min = 0, Max = 1, NextCommand = 2, Stop = 3, FifoBytes = 0x10000, FirstCommand = 16;
    private const uint DefineCursor = 19;

    private const int Slot = 2;

    private readonly Qtest _machine;
    private readonly uint _ports, _fifo;
    private uint _next = FirstCommand;

    public VmwareGuest(string qtestPath)
    {
        _machine = new Qtest(qtestPath);
        (_ports, var memory, _fifo) = (_machine.Bar(Slot, 0), _machine.Bar(Slot, 1), _machine.Bar(Slot, 2));
        _machine.Fill(memory, Width * Height * 4, (byte)(Background & 0xff));
        Set(WidthOf, Width);
        Set(HeightOf, Height);
        foreach (var (word, value) in new[] { (Min, FirstCommand), (Max, FifoBytes), (NextCommand, FirstCommand), (Stop, FirstCommand) })
            _machine.Write(_fifo + word * sizeof(uint), value);
        Set(Enable, 1);
        Set(ConfigDone, 1);
    }

    /// <summary>The image's pixel, 0xRRGGBB; null where it is transparent.</summary>
    public static uint? CursorPixel(int x, int y) => x < CursorWidth / 2 == y < CursorHeight / 2 ? (uint)(0xe00000 | x * 8 << 8 | y * 8) : null;

    /// <summary>Defines the pointer's image: opaque pixels by a mask, of which no two are alike.</summary>
    public void ShowCursor(int x, int y)
    {
        Command(DefineCursor, 0, HotX, HotY, CursorWidth, CursorHeight, 1, 32);
        // A bit of each pixel, the first in the highest of the first byte: 1 where it is transparent.
        for (var row = 0; row < CursorHeight; row++)
            Push(row < CursorHeight / 2 ? 0xffff_0000 : 0x0000_ffff);
        for (var row = 0; row < CursorHeight; row++)
            for (var column = 0; column < CursorWidth; column++)
                Push(CursorPixel(column, row) ?? 0);
        _machine.Write(_fifo + NextCommand * sizeof(uint), _next);
        Set(CursorX, (uint)x);
        Set(CursorY, (uint)y);
        Set(CursorOn, 1);
    }

    public void HideCursor() => Set(CursorOn, 0);

    public void Dispose() => _machine.Dispose();

    private void Set(uint register, uint value)
    {
        _machine.Out(_ports, register);
        _machine.Out(_ports + 1, value);
    }

    private void Command(params uint[] words) => Array.ForEach(words, Push);

    private void Push(uint word)
    {
        _machine.Write(_fifo + _next, word);
        _next += sizeof(uint);
    }
}

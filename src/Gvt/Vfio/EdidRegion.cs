using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// The region that tells the guest its monitor (vfio.h, struct vfio_region_gfx_edid): link down, size, blob, and after a
/// pause link up, which the guest sees as a monitor being plugged in. Registers are written four bytes at a time.
/// </summary>
internal sealed class EdidRegion : IDisposable
{
    // Offsets in struct vfio_region_gfx_edid.
    private const int EdidSize = 8, LinkState = 20;

    /// <summary>QEMU's pause (hw/vfio/display.c): guests miss a shorter unplugging.</summary>
    private const long PlugPauseNs = 100_000_000;

    private readonly VfioDevice _device;
    private readonly VfioRegion _region;
    private readonly Loop _loop;
    private readonly LoopTimer _pause;
    private readonly RegionGfxEdid _registers;

    /// <param name="device">Not closed before this is disposed.</param>
    /// <param name="region">Its EDID region.</param>
    /// <param name="loop">In which the link comes up.</param>
    /// <param name="refused">Told why the driver refused the link.</param>
    /// <exception cref="LinuxException">It cannot be read.</exception>
    public EdidRegion(VfioDevice device, VfioRegion region, Loop loop, Action<string> refused)
    {
        (_device, _region, _loop) = (device, region, loop);
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<RegionGfxEdid>()];
        for (var i = 0; i < bytes.Length; i += sizeof(uint))
            device.ReadAt(bytes.Slice(i, sizeof(uint)), region.Offset + i);
        _registers = MemoryMarshal.Read<RegionGfxEdid>(bytes);
        loop.Add(_pause = new LoopTimer(_ => LinkUp(refused)));
    }

    /// <summary>In pixels; 0 for any.</summary>
    public int MaxWidth => (int)Math.Min(_registers.MaxXres, int.MaxValue);

    /// <inheritdoc cref="MaxWidth"/>
    public int MaxHeight => (int)Math.Min(_registers.MaxYres, int.MaxValue);

    /// <summary>Writes it, and plugs it in after the pause, in place of any before.</summary>
    /// <exception cref="SourceException">The vGPU takes no monitor of that size.</exception>
    /// <exception cref="LinuxException">The driver refuses what is written.</exception>
    public void Plug(Edid edid)
    {
        if ((MaxWidth > 0 && edid.Width > MaxWidth) || (MaxHeight > 0 && edid.Height > MaxHeight))
            throw new SourceException(SourceFault.Usage, $"This vGPU's monitor is at most {MaxWidth}x{MaxHeight}; --edid {edid.Width}x{edid.Height} is larger.");
        if (_registers.EdidMaxSize < Edid.Length)
            throw new SourceException(SourceFault.NotThere, $"This vGPU takes an EDID of {_registers.EdidMaxSize} bytes, and the shortest has {Edid.Length}.");
        Write(LinkState, VfioAbi.LinkDown);
        // Up again whatever comes: without a link the guest has no monitor at all.
        _pause.Set(Clock.Now + PlugPauseNs);
        Write(EdidSize, Edid.Length);
        // Not checked against the region's size: GVT-g says 128, and its blob lies at 2048.
        _device.WriteAt(edid.ToBytes(), _region.Offset + _registers.EdidOffset);
    }

    /// <summary>A guest may outlive us, and keeps its monitor; of one that is gone nobody wants to hear.</summary>
    public void Dispose()
    {
        _loop.Remove(_pause);
        if (_pause.IsSet)
            LinkUp(static _ => { });
    }

    private void LinkUp(Action<string> refused)
    {
        try
        {
            Write(LinkState, VfioAbi.LinkUp);
        }
        catch (LinuxException e)
        {
            refused($"The vGPU refuses the monitor that it was given: {e.Message}.");
        }
    }

    private void Write(int register, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BitConverter.TryWriteBytes(bytes, value);
        _device.WriteAt(bytes, _region.Offset + register);
    }
}

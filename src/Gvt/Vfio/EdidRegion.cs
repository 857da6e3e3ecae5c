using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// The region that describes the guest's monitor (vfio.h, struct vfio_region_gfx_edid). To change it: link down, size, EDID,
/// and after a pause link up, which the guest sees as a monitor being plugged in. Registers are accessed four bytes at a time.
/// </summary>
internal sealed class EdidRegion : IDisposable
{
    // Offsets in struct vfio_region_gfx_edid.
    private const int EdidSize = 8, LinkState = 20;

    /// <summary>The same as QEMU's (hw/vfio/display.c): guests do not notice a shorter unplugging.</summary>
    private const long PlugPauseNs = 100_000_000;

    private readonly VfioDevice _device;
    private readonly VfioRegion _region;
    private readonly Loop _loop;
    private readonly LoopTimer _pause;
    private readonly RegionGfxEdid _registers;

    /// <param name="device">Must stay open until this is disposed.</param>
    /// <param name="region">Its EDID region.</param>
    /// <param name="loop">For the pause.</param>
    /// <param name="refused">Called with a sentence if the driver rejects the link.</param>
    /// <exception cref="LinuxException">The region cannot be read.</exception>
    public EdidRegion(VfioDevice device, VfioRegion region, Loop loop, Action<string> refused)
    {
        (_device, _region, _loop) = (device, region, loop);
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<RegionGfxEdid>()];
        for (var i = 0; i < bytes.Length; i += sizeof(uint))
            device.ReadAt(bytes.Slice(i, sizeof(uint)), region.Offset + i);
        _registers = MemoryMarshal.Read<RegionGfxEdid>(bytes);
        loop.Add(_pause = new LoopTimer(_ => LinkUp(refused)));
    }

    /// <summary>The largest size in pixels; 0 for no limit.</summary>
    public int MaxWidth => (int)Math.Min(_registers.MaxXres, int.MaxValue);

    /// <inheritdoc cref="MaxWidth"/>
    public int MaxHeight => (int)Math.Min(_registers.MaxYres, int.MaxValue);

    /// <summary>Replaces the monitor: writes the EDID now and plugs the monitor in after the pause.</summary>
    /// <exception cref="SourceException">The vGPU does not accept a monitor of that size.</exception>
    /// <exception cref="LinuxException">The driver rejects the values.</exception>
    public void Plug(Edid edid)
    {
        if ((MaxWidth > 0 && edid.Width > MaxWidth) || (MaxHeight > 0 && edid.Height > MaxHeight))
            throw new SourceException(SourceFault.Usage,
                $"This vGPU's monitor is at most {MaxWidth}x{MaxHeight}; --edid {edid.Width}x{edid.Height} is larger.");
        if (_registers.EdidMaxSize < Edid.Length)
            throw new SourceException(SourceFault.NotThere,
                $"This vGPU takes an EDID of {_registers.EdidMaxSize} bytes, and the shortest has {Edid.Length}.");
        Write(LinkState, VfioAbi.LinkDown);
        // Set before the writes, so that the link comes up even if they fail: without it the guest has no monitor at all.
        _pause.Set(Clock.Now + PlugPauseNs);
        Write(EdidSize, Edid.Length);
        // Not checked against the region's size: GVT-g reports 128 bytes, and its EDID is at offset 2048.
        _device.WriteAt(edid.ToBytes(), _region.Offset + _registers.EdidOffset);
    }

    /// <summary>Leaves the link up, since the guest may run on without us. Errors are ignored: the device may be gone.</summary>
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
            refused($"The vGPU rejects the monitor that it was given: {e.Message}.");
        }
    }

    private void Write(int register, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BitConverter.TryWriteBytes(bytes, value);
        _device.WriteAt(bytes, _region.Offset + register);
    }
}

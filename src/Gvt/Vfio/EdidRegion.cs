using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Vfio;

/// <summary>
/// The region that tells the guest its monitor (vfio.h, struct vfio_region_gfx_edid): link down, size, blob, and after a
/// pause link up, which the guest sees as a monitor being plugged in. Registers are written four bytes at a time.
/// </summary>
internal sealed class EdidRegion(VfioDevice device, VfioRegion region)
{
    // Offsets in struct vfio_region_gfx_edid.
    private const int EdidSize = 8, LinkState = 20;

    /// <summary>QEMU's pause (hw/vfio/display.c): guests miss a shorter unplugging.</summary>
    private const long PlugPauseNs = 100_000_000;

    /// <summary>Writes it and plugs it in from the loop. Throws what is wrong with it; a driver's refusal of the link comes by <paramref name="refused"/>.</summary>
    /// <exception cref="SourceException">The vGPU takes no monitor of that size.</exception>
    /// <returns>The pause before the link comes up; cancelled, it never does.</returns>
    public LoopTimer Plug(Edid edid, Loop loop, Action<string> refused)
    {
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<RegionGfxEdid>()];
        for (var i = 0; i < bytes.Length; i += sizeof(uint))
            device.ReadAt(bytes.Slice(i, sizeof(uint)), region.Offset + i);
        var registers = MemoryMarshal.Read<RegionGfxEdid>(bytes);
        if (registers.MaxXres > 0 && (edid.Width > registers.MaxXres || edid.Height > registers.MaxYres))
            throw new SourceException(SourceFault.Usage,
                $"This vGPU's monitor is at most {registers.MaxXres}x{registers.MaxYres}; --edid {edid.Width}x{edid.Height} is larger.");
        if (registers.EdidMaxSize < Edid.Length)
            throw new SourceException(SourceFault.NotThere, $"This vGPU takes an EDID of {registers.EdidMaxSize} bytes, and the shortest has {Edid.Length}.");
        Write(LinkState, VfioAbi.LinkDown);
        Write(EdidSize, Edid.Length);
        // Not checked against the region's size: GVT-g says 128, and its blob lies at 2048.
        device.WriteAt(edid.ToBytes(), region.Offset + registers.EdidOffset);
        LoopTimer? pause = null;
        pause = new LoopTimer(_ =>
        {
            loop.Remove(pause!);
            try
            {
                Write(LinkState, VfioAbi.LinkUp);
            }
            catch (LinuxException e)
            {
                refused($"The vGPU refuses the monitor of --edid: {e.Message}.");
            }
        });
        loop.Add(pause);
        pause.Set(Clock.Now + PlugPauseNs);
        return pause;
    }

    private void Write(int register, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BitConverter.TryWriteBytes(bytes, value);
        device.WriteAt(bytes, region.Offset + register);
    }
}

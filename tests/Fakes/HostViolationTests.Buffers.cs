namespace Guestplane.Tests.Fakes;

public sealed partial class HostViolationTests
{
    private static readonly uint s_xr24 = HostFormat.Code("XR24"), s_ar30 = HostFormat.Code("AR30"), s_nv12 = HostFormat.Code("NV12");

    /// <summary>Mistakes with shared memory and dma-bufs.</summary>
    private static Dictionary<string, Mistake> BuffersMistakes => new()
    {
        ["pool of no size"] = new("invalid size", r =>
        {
            r.Pool(0, 10);
            return (r.Shm, 1);
        }),
        ["pool that cannot be written"] = new("mmap", r =>
        {
            using var fd = HostFd.Memory("x", new byte[4096], r.Ledger);
            r.SendFds(r.Shm, 0, [fd], r.NewId(), 4096);
            return (r.Shm, 2);
        }),
        ["shm buffer before the pool"] = new("invalid width", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 0, r.NewId(), -1, 4, 4, 16, 1u);
            return (p, 1);
        }),
        ["shm buffer of no width"] = new("invalid width", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 0, r.NewId(), 0, 0, 4, 16, 1u);
            return (p, 1);
        }),
        ["shm buffer of no height"] = new("invalid width", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 0, r.NewId(), 0, 4, 0, 16, 1u);
            return (p, 1);
        }),
        ["shm stride below a byte per pixel"] = new("invalid width", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 0, r.NewId(), 0, 4, 4, 3, 1u);
            return (p, 1);
        }),
        ["shm stride below the width"] = new("invalid width", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 0, r.NewId(), 0, 4, 4, 12, 1u);
            return (p, 1);
        }),
        ["shm buffer that overflows"] = new("invalid width", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 0, r.NewId(), 0, 4, int.MaxValue / 8, 16, 1u);
            return (p, 1);
        }),
        ["shm buffer beyond the pool"] = new("invalid width", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 0, r.NewId(), 4, 4, 4, 16, 1u);
            return (p, 1);
        }),
        ["shm format that was not offered"] = new("invalid format", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 0, r.NewId(), 0, 4, 4, 16, 7u);
            return (p, 0);
        }),
        ["pool that shrinks"] = new("shrinking", r =>
        {
            var p = r.Pool(64, 64);
            r.Send(p, 2, 32);
            return (p, 2);
        }),
        ["pool larger than its file"] = new("in a file of 32", r =>
        {
            var p = r.Pool(64, 32);
            var b = r.New(p, 0, 0, 4, 4, 16, 1u);
            var a = r.Surface();
            r.Attach(a, b);
            r.Commit(a);
            return (b, 2);
        }),
        ["plane 4"] = new("plane index 4", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 4, 0, 16, 64);
            return (p, 1);
        }),
        ["plane set twice"] = new("already set", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 16, 64);
            r.AddPlane(p, 0, 0, 16, 64);
            return (p, 2);
        }),
        ["no planes"] = new("0 planes", r =>
        {
            var p = r.Params();
            r.Send(p, 2, 4, 4, s_xr24, 0);
            return (p, 3);
        }),
        ["no plane 0"] = new("planes in order", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 1, 0, 16, 64);
            r.Send(p, 2, 4, 4, s_xr24, 0);
            return (p, 3);
        }),
        ["NV12 of one plane"] = new("planes in order", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 16, 64);
            r.Send(p, 2, 4, 4, s_nv12, 0);
            return (p, 3);
        }),
        ["planes of two modifiers"] = new("not that of plane 0", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 16, 64);
            r.AddPlane(p, 1, 0, 16, 64, 5);
            return (p, 4);
        }),
        ["buffer of no width"] = new("0x4", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 16, 64);
            r.Send(p, 2, 0, 4, s_xr24, 0);
            return (p, 5);
        }),
        ["plane beyond its memory"] = new("ends at 65", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 1, 16, 64);
            r.Send(p, 2, 4, 4, s_xr24, 0);
            return (p, 6);
        }),
        ["stride that overflows"] = new("overflow", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 0x80000000, 64);
            r.Send(p, 2, 4, 4, s_xr24, 0);
            return (p, 6);
        }),
        ["stride below the width"] = new("stride 12", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 12, 64);
            r.Send(p, 2, 4, 4, s_xr24, 0);
            return (p, 6);
        }),
        ["sampling device before version 6"] = new("invalid method set_sampling_device (since 6)", r =>
        {
            r.Send(r.Params(), 4, DevT(8));
            return (RawClient.Display, 1);
        }),
        ["sampling device of four bytes"] = new("a dev_t of 4 bytes", r =>
        {
            var p = r.Params6();
            r.Send(p, 4, DevT(4));
            return (p, 8);
        }),
        ["sampling device of twelve bytes"] = new("a dev_t of 12 bytes", r =>
        {
            var p = r.Params6();
            r.Send(p, 4, DevT(12));
            return (p, 8);
        }),
        ["sampling device after create"] = new("set_sampling_device after create", r =>
        {
            var p = r.Params6();
            r.AddPlane(p, 0, 0, 16, 64);
            r.Send(p, 2, 4, 4, s_xr24, 0);
            r.Send(p, 4, DevT(8));
            return (p, 0);
        }),
        ["sampling device that no tranche had"] = new("was never advertised for sampling on the device 0x101010101010101", r =>
        {
            var p = r.Params6();
            r.Send(p, 4, DevT(8));
            r.AddPlane(p, 0, 0, 16, 64);
            r.Send(p, 2, 4, 4, s_xr24, 0);
            return null;
        }),
        ["params used twice"] = new("after create", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 16, 64);
            r.Send(p, 2, 4, 4, s_xr24, 0);
            r.Send(p, 2, 4, 4, s_xr24, 0);
            return (p, 0);
        }),
        ["flags nobody knows"] = new("flags 1", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 16, 64);
            r.Send(p, 2, 4, 4, s_xr24, 1);
            r.Sync();
            Assert.True(r.Has(p, 1));
            return null;
        }),
        ["format that was not offered"] = new("never advertised", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 16, 64);
            r.Send(p, 2, 4, 4, s_ar30, 0);
            r.Sync();
            Assert.True(r.Has(p, 1));
            return null;
        }),
        ["format that was not offered, immediately"] = new("create_immed", r =>
        {
            var p = r.Params();
            r.AddPlane(p, 0, 0, 16, 64);
            r.Send(p, 3, r.NewId(), 4, 4, s_ar30, 0);
            return (p, 7);
        }),
    };

    private static byte[] DevT(int size) => [.. BitConverter.GetBytes(size), .. Enumerable.Repeat((byte)1, size)];
}

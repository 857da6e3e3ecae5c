using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// Whose memory a descriptor is: every dup, SCM_RIGHTS or pidfd copy of one dma-buf shares it, and no other has it
/// (a dma-buf's inode number is a 64-bit counter, drivers/dma-buf/dma-buf.c). Descriptor numbers are re-used, this is not.
/// </summary>
public readonly record struct DmaBufIdentity(ulong Device, ulong Inode);

/// <summary>What any dma-buf can be asked (include/uapi/linux/dma-buf.h). memfds answer the same questions.</summary>
public static class DmaBuf
{
    // DMA_BUF_IOCTL_SYNC and its flags.
    private const uint IoctlSync = 0x40086200;
    private const ulong SyncRead = 1, SyncWrite = 2, SyncStart = 0, SyncEnd = 4;
    private const uint IoctlExportSyncFile = 0xc0086202, IoctlImportSyncFile = 0x40086203;

    /// <summary>(st_dev, st_ino).</summary>
    public static unsafe DmaBufIdentity Identity(BorrowedFd fd)
    {
        stat status;
        if (LibC.fstat(fd.Number, &status) < 0)
            throw LinuxException.Last("fstat of a dma-buf");
        return new((ulong)status.st_dev, (ulong)status.st_ino);
    }

    /// <summary>Who made it ("udmabuf", "i915"), as the kernel tells it in the descriptor's fdinfo; null for what is no dma-buf.</summary>
    public static string? Exporter(Fd fd)
    {
        const string Field = "exp_name:";
        foreach (var line in File.ReadLines($"/proc/self/fdinfo/{fd.Number}"))
            if (line.StartsWith(Field, StringComparison.Ordinal))
                return line[Field.Length..].Trim();
        return null;
    }

    /// <summary>Size in bytes, by lseek(SEEK_END); 0 when the descriptor cannot tell (then it is no dma-buf).</summary>
    public static long Size(Fd fd)
    {
        long size = LibC.lseek(fd.Number, 0, LibC.SEEK_END);
        LibC.lseek(fd.Number, 0, LibC.SEEK_SET);
        return Math.Max(0, size);
    }

    /// <summary>Brackets the CPU's writes, for exporters with caches to flush. A memfd has none (ENOTTY), and needs none.</summary>
    public static void BeginWrite(Fd fd) => Sync(fd, SyncStart | SyncWrite);

    /// <inheritdoc cref="BeginWrite"/>
    public static void EndWrite(Fd fd) => Sync(fd, SyncEnd | SyncWrite);

    /// <summary>Whether all that writes into it has done so (poll(2); a memfd has no fences, and is always ready).</summary>
    public static unsafe bool IsWritten(Fd fd)
    {
        var polled = new pollfd { fd = fd.Number, events = LibC.POLLIN };
        return LibC.poll(&polled, 1, 0) > 0;
    }

    /// <summary>A sync_file of all that writes into it now.</summary>
    public static Fd Writers(Fd fd)
    {
        var argument = new SyncFileArgument { Flags = (uint)SyncRead, Fd = -1 };
        var result = Ioctl.Try(fd, IoctlExportSyncFile, ref argument);
        return result >= 0 ? Fd.Own(argument.Fd) : throw new LinuxException("DMA_BUF_IOCTL_EXPORT_SYNC_FILE", -result);
    }

    /// <summary>Whoever reads it from now on waits for that sync_file, too.</summary>
    public static void AddWriter(Fd fd, Fd syncFile)
    {
        var argument = new SyncFileArgument { Flags = (uint)SyncWrite, Fd = syncFile.Number };
        var result = Ioctl.Try(fd, IoctlImportSyncFile, ref argument);
        if (result < 0)
            throw new LinuxException("DMA_BUF_IOCTL_IMPORT_SYNC_FILE", -result);
    }

    private static void Sync(Fd fd, ulong flags)
    {
        var argument = new SyncArgument { Flags = flags };
        var result = Ioctl.Try(fd, IoctlSync, ref argument);
        if (result < 0 && result != -Errno.NotTty)
            throw new LinuxException("DMA_BUF_IOCTL_SYNC", -result);
    }

    /// <summary>struct dma_buf_sync.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SyncArgument
    {
        public ulong Flags;
    }

    /// <summary>struct dma_buf_export_sync_file, dma_buf_import_sync_file.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SyncFileArgument
    {
        public uint Flags;
        public int Fd;
    }
}

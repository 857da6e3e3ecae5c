using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// Identifies the memory behind a descriptor. Every dup, SCM_RIGHTS or pidfd copy of one dma-buf has the same identity, and no
/// other dma-buf has it: the inode number is a 64-bit counter (drivers/dma-buf/dma-buf.c). Descriptor numbers are re-used.
/// </summary>
public readonly record struct DmaBufIdentity(ulong Device, ulong Inode);

/// <summary>
/// Calls that every dma-buf answers (include/uapi/linux/dma-buf.h). A memfd answers the ones that need no fences.
/// </summary>
public static class DmaBuf
{
    // DMA_BUF_IOCTL_SYNC and its flags, then the sync_file ioctls.
    private const uint IoctlSync = 0x40086200;
    private const ulong SyncRead = 1, SyncWrite = 2, SyncStart = 0, SyncEnd = 4;
    private const uint IoctlExportSyncFile = 0xc0086202, IoctlImportSyncFile = 0x40086203;

    /// <summary>
    /// Device and inode number. Never blocks on a stranger's descriptor.
    /// </summary>
    public static DmaBufIdentity Identity(BorrowedFd fd)
    {
        var status = fd.Status(LibC.STATX_INO);
        return new((ulong)status.stx_dev_major << 32 | status.stx_dev_minor, status.stx_ino);
    }

    /// <summary>
    /// The exporter's name ("udmabuf", "i915"), from the descriptor's fdinfo, which never blocks. Null if it is not a dma-buf, or
    /// if /proc is not mounted or may not be read.
    /// </summary>
    public static string? Exporter(Fd fd)
    {
        const string Field = "exp_name:";
        try
        {
            foreach (var line in File.ReadLines($"/proc/self/fdinfo/{fd.Number}"))
                if (line.StartsWith(Field, StringComparison.Ordinal))
                    return line[Field.Length..].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        return null;
    }

    /// <summary>Size in bytes, by lseek(SEEK_END); 0 if the descriptor cannot seek, and so is not a dma-buf.</summary>
    public static long Size(Fd fd)
    {
        long size = LibC.lseek(fd.Number, 0, LibC.SEEK_END);
        LibC.lseek(fd.Number, 0, LibC.SEEK_SET);
        return Math.Max(0, size);
    }

    /// <summary>
    /// Begins a CPU write, for exporters that must flush caches. A memfd has no such call (ENOTTY) and needs none.
    /// </summary>
    public static void BeginWrite(Fd fd) => Sync(fd, SyncStart | SyncWrite);

    /// <summary>Ends a CPU write.</summary>
    public static void EndWrite(Fd fd) => Sync(fd, SyncEnd | SyncWrite);

    /// <summary>Begins a CPU read. Blocks until pending writes are done: check <see cref="IsWritten"/> before.</summary>
    public static void BeginRead(Fd fd) => Sync(fd, SyncStart | SyncRead);

    /// <summary>Ends a CPU read.</summary>
    public static void EndRead(Fd fd) => Sync(fd, SyncEnd | SyncRead);

    /// <summary>True if all pending writes are done (POLLIN). A memfd has no fences and is always ready.</summary>
    public static unsafe bool IsWritten(Fd fd)
    {
        var polled = new pollfd { fd = fd.Number, events = LibC.POLLIN };
        return LibC.poll(&polled, 1, 0) > 0;
    }

    /// <summary>A sync_file that signals when all writes that are pending now are done.</summary>
    public static Fd ExportWriteFence(Fd fd) => Fd.Own(ExportWriteFenceNumber(fd));

    /// <summary>
    /// The same as a number, which the caller closes: for what is done in each flip, where an object would be garbage. The kernel
    /// makes it close-on-exec.
    /// </summary>
    internal static int ExportWriteFenceNumber(Fd fd)
    {
        var argument = new SyncFileArgument { Flags = (uint)SyncRead, Fd = -1 };
        var result = Ioctl.Try(fd, IoctlExportSyncFile, ref argument);
        return result >= 0 ? argument.Fd : throw new LinuxException("DMA_BUF_IOCTL_EXPORT_SYNC_FILE", -result);
    }

    /// <summary>Adds a write fence: later readers also wait for this sync_file.</summary>
    public static void ImportWriteFence(Fd fd, Fd syncFile)
    {
        var argument = new SyncFileArgument { Flags = (uint)SyncWrite, Fd = syncFile.Number };
        var result = Ioctl.Try(fd, IoctlImportSyncFile, ref argument);
        if (result < 0)
            throw new LinuxException("DMA_BUF_IOCTL_IMPORT_SYNC_FILE", -result);
    }

    private static void Sync(Fd fd, ulong flags)
    {
        var argument = new SyncArgument { Flags = flags };
        int result;
        // dma-buf.h: it must be restarted.
        do
            result = Ioctl.Try(fd, IoctlSync, ref argument);
        while (result == -Errno.Interrupted || result == -Errno.Again);
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

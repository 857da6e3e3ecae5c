using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Microsoft.Win32.SafeHandles;

namespace Guestplane.Tests.Linux;

public sealed class MemoryTests
{
    [Fact]
    public void Shared_mappings_of_one_file_share_memory()
    {
        using var fd = Memfd.Create("guestplane-test", 8192);
        using var one = Mapping.Of(fd, 8192, writable: true);
        using var other = Mapping.Of(fd, 4096, writable: false, offset: 4096);
        one.Bytes[4096] = 42;
        Assert.Equal((8192, 4096), (one.Bytes.Length, other.Bytes.Length));
        Assert.Equal(42, other.Bytes[0]);
    }

    [Fact]
    public void Writes_to_a_private_mapping_stay_private()
    {
        using var fd = Memfd.Create("guestplane-test", 4096);
        using var own = Mapping.Of(fd, 4096, writable: true, shared: false);
        own.Bytes[0] = 42;
        var read = new byte[1];
        fd.ReadAt(read, 0);
        Assert.Equal(0, read[0]);
    }

    [Fact]
    public void A_mapping_outlives_its_descriptor()
    {
        var fd = Memfd.Create("guestplane-test", 4096);
        using var mapping = Mapping.Of(fd, 4096, writable: true);
        fd.Dispose();
        mapping.Bytes.Fill(1);
        Assert.Equal(1, mapping.Bytes[4095]);
    }

    [Fact]
    public void A_disposed_mapping_has_no_bytes()
    {
        using var fd = Memfd.Create("guestplane-test", 4096);
        var mapping = Mapping.Of(fd, 4096, writable: true);
        mapping.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mapping.Bytes.Length);
    }

    [Fact]
    public void A_failed_mapping_has_a_reason()
    {
        using var fd = Memfd.Create("guestplane-test", 4096);
        Assert.Null(Mapping.Try(fd, 4096, writable: false, out var errno, offset: 1));
        Assert.Equal(Errno.Invalid, errno);
        using var readOnly = Fd.Open("/proc/self/exe", OpenMode.ReadOnly);
        Assert.Equal(Errno.Denied, Assert.Throws<LinuxException>(() => Mapping.Of(readOnly, 4096, writable: true)).Errno);
    }

    [Fact]
    public void A_memfd_has_its_size_and_cannot_shrink()
    {
        using var fd = Memfd.Create("guestplane-test", 8192);
        using var handle = new SafeFileHandle(fd.Number, ownsHandle: false);
        Assert.Equal(8192, DmaBuf.Size(fd));
        Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.SetLength(handle, 4096));
        RandomAccess.SetLength(handle, 16384);
        Assert.Equal(16384, DmaBuf.Size(fd));
    }

    [Fact]
    public void A_memfd_can_still_be_sealed()
    {
        using var fd = Memfd.Create("guestplane-test", 4096);
        using var handle = new SafeFileHandle(fd.Number, ownsHandle: false);
        Assert.Equal(0, Libc.Fcntl(handle, Libc.F_ADD_SEALS, Libc.F_SEAL_SHRINK_GROW_WRITE));
        Assert.Equal(Errno.NotPermitted, Assert.Throws<LinuxException>(() => fd.WriteAt([1], 0)).Errno);
    }

    [Fact]
    public void All_descriptors_of_a_memory_have_the_same_identity()
    {
        using var one = Memfd.Create("guestplane-test", 4096);
        using var same = one.Borrow().Duplicate();
        using var other = Memfd.Create("guestplane-test", 4096);
        Assert.Equal(DmaBuf.Identity(one.Borrow()), DmaBuf.Identity(same.Borrow()));
        Assert.NotEqual(DmaBuf.Identity(one.Borrow()), DmaBuf.Identity(other.Borrow()));
    }

    [Fact]
    public void BeginWrite_and_EndWrite_do_nothing_on_a_memfd()
    {
        using var fd = Memfd.Create("guestplane-test", 4096);
        DmaBuf.BeginWrite(fd);
        DmaBuf.EndWrite(fd);
    }

    [Fact]
    public void A_descriptor_without_a_size_has_size_0()
    {
        using var fd = Pidfd.Open(Environment.ProcessId);
        Assert.Equal(0, DmaBuf.Size(fd));
    }
}

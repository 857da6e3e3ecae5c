using Guestplane.Linux;

namespace Guestplane.Tests.Linux;

[Collection(Descriptors.Name)]
public sealed class FdTests
{
    private const int CloseOnExec = 0x80000; // O_CLOEXEC, as fdinfo prints it

    [Fact]
    public void Dispose_closes_it_and_it_is_no_longer_counted()
    {
        var (live, open) = (Fd.Live, Descriptors.Open);
        var fd = Memfd.Create("guestplane-test", 4096);
        Assert.Equal((live + 1, open + 1), (Fd.Live, Descriptors.Open));
        Assert.True(Fd.Peak >= live + 1);
        fd.Dispose();
        fd.Dispose();
        Assert.Equal((live, open), (Fd.Live, Descriptors.Open));
    }

    [Fact]
    public void A_duplicate_is_independent_of_the_original()
    {
        using var first = Memfd.Create("guestplane-test", 4096);
        using var second = first.Borrow().Duplicate();
        Assert.NotEqual(first.Number, second.Number);
        first.WriteAt([1, 2, 3], 100);
        first.Dispose();
        var read = new byte[3];
        second.ReadAt(read, 100);
        Assert.Equal([1, 2, 3], read);
    }

    [Fact]
    public void Every_way_to_get_one_sets_close_on_exec()
    {
        using var made = Memfd.Create("guestplane-test", 1);
        using var duplicate = made.Borrow().Duplicate();
        using var opened = Fd.Open("/dev/null");
        using var own = Fd.Own(Inheritable(made));
        Assert.All(new[] { made, duplicate, opened, own }, fd => Assert.True(IsCloseOnExec(fd.Number)));
    }

    [Fact]
    public void A_number_that_is_not_open_cannot_be_owned()
    {
        int stale;
        using (var fd = Memfd.Create("guestplane-test", 1))
            stale = fd.Number;
        var live = Fd.Live;
        Assert.Equal(Errno.BadFd, Assert.Throws<LinuxException>(() => Fd.Own(stale)).Errno);
        Assert.Equal(Errno.BadFd, Assert.Throws<LinuxException>(() => Fd.Own(-1)).Errno);
        Assert.Equal(live, Fd.Live);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_named_with_the_reason()
    {
        var live = Fd.Live;
        var missing = Assert.Throws<LinuxException>(() => Fd.Open("/nowhere/at/all"));
        Assert.Equal(Errno.NoEntry, missing.Errno);
        Assert.Contains("/nowhere/at/all", missing.Message);
        Assert.Equal(live, Fd.Live);
    }

    [Fact]
    public void A_short_read_is_an_error()
    {
        using var fd = Memfd.Create("guestplane-test", 16);
        Assert.Throws<LinuxException>(() => fd.ReadAt(new byte[17], 0));
    }

    private static bool IsCloseOnExec(int number)
    {
        var flags = File.ReadLines($"/proc/self/fdinfo/{number}").First(line => line.StartsWith("flags:", StringComparison.Ordinal));
        return (Convert.ToInt32(flags.Split('\t')[1], 8) & CloseOnExec) != 0;
    }

    /// <summary>A descriptor without FD_CLOEXEC, as a driver may export it.</summary>
    private static int Inheritable(Fd fd)
    {
        const int DuplicateFd = 0;
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(fd.Number, ownsHandle: false);
        var number = Fakes.Libc.Fcntl(handle, DuplicateFd, 0);
        Assert.False(IsCloseOnExec(number));
        return number;
    }
}

using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>What is printed of an exception, and the code that it ends with.</summary>
public sealed class FailureTests
{
    // errno-base.h.
    private const int Io = 5, ManyFiles = 24, NoSpace = 28;

    private static readonly Dictionary<string, (Exception Exception, int Code, string Line)> s_failures = new()
    {
        ["too many descriptors"] = (new LinuxException("eventfd", ManyFiles), 71,
            "guestplane cannot go on: eventfd: Too many open files; raise the limit of open files (ulimit -n)."),
        ["too many for the runtime"] = (new TypeInitializationException("PosixSignal", new IOException("Too many open files", ManyFiles)), 71,
            "guestplane cannot go on: Too many open files; raise the limit of open files (ulimit -n)."),
        ["no memory"] = (new LinuxException("mmap of 4096 bytes", Errno.NoMemory), 71,
            "guestplane cannot go on: mmap of 4096 bytes: Cannot allocate memory."),
        ["a full disk"] = (new IOException("No space left on device : '/x'", NoSpace), 71,
            "guestplane cannot go on: No space left on device : '/x'."),
        ["a device that is gone"] = (new LinuxException("DRM_IOCTL_SYNCOBJ_QUERY", Errno.NoDevice), 71,
            "guestplane cannot go on: DRM_IOCTL_SYNCOBJ_QUERY: No such device."),
        ["a failing disk"] = (new IOException("whatever", Io), 71, "guestplane cannot go on: whatever."),
        ["no permission"] = (new UnauthorizedAccessException("Access to the path is denied."), 71,
            "guestplane cannot go on: Access to the path is denied."),
        ["a wrong call"] = (new LinuxException("ioctl", Errno.Invalid), 70,
            "This is a bug of guestplane: LinuxException: ioctl: Invalid argument"),
        ["a guest that is not there"] = (new SourceException(SourceFault.NotThere, "It is not there."), 66, "It is not there."),
        ["memory that shrank"] = (new WaylandException("wl_buffer#31", 2, "error accessing SHM buffer", ["wl_surface#7.commit"]), 74,
            "The VM has made the memory of its image smaller while it was shown, and the compositor has ended the connection for it."),
        ["a refused request"] = (new WaylandException("wl_surface#31", 2, "no", []), 70,
            "This is a bug of guestplane: the compositor rejected a request: wl_surface#31, error 2: no. Our last requests: ."),
        ["an end with a code"] = (new ExitException(ExitCode.NoHost, "There is none."), 69, "There is none."),
    };

    public static TheoryData<string> Names => [.. s_failures.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_failure_has_its_code_and_its_sentence(string name)
    {
        var (exception, code, line) = s_failures[name];
        var failure = Failure.Of(exception);
        Assert.Equal((code, line), ((int)failure.Code, failure.Lines[0]));
        Assert.Equal(code == 70 && exception is not WaylandException, failure.Lines.Count > 1);
    }

    [Fact]
    public void A_bug_is_reported_with_its_cause_and_the_whole_stack()
    {
        var failure = Failure.Of(Assert.Throws<InvalidOperationException>(Outer));
        var text = string.Join('\n', failure.Lines);
        Assert.Equal(70, (int)failure.Code);
        Assert.StartsWith("This is a bug of guestplane: InvalidOperationException: the outer", text, StringComparison.Ordinal);
        Assert.Contains("InvalidDataException: the cause", text, StringComparison.Ordinal);
        Assert.Contains(nameof(Inner), text, StringComparison.Ordinal);
        Assert.Contains(nameof(Outer), text, StringComparison.Ordinal);

        static void Outer()
        {
            try
            {
                Inner();
            }
            catch (InvalidDataException e)
            {
                throw new InvalidOperationException("the outer", e);
            }
        }

        static void Inner() => throw new InvalidDataException("the cause");
    }
}

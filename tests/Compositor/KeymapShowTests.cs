using System.Text;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Compositor.KeyboardDesktop;

namespace Guestplane.Tests.Compositor;

/// <summary>Keymaps that are none, or cannot be read, and many of them.</summary>
public sealed class KeymapShowTests
{
    public static TheoryData<string> Garbage => ["a pipe", "no NUL", "truncated", "short file", "empty", "huge", "not xkb", "includes", "nested", "huge code", "huge level"];

    [Theory]
    [MemberData(nameof(Garbage))]
    public void A_keymap_that_cannot_be_read_passes_codes_through_and_is_named(string kind)
    {
        using var desktop = Focused();
        var us = HostKeymap.OfLayout("us");
        var (content, size) = kind switch
        {
            "a pipe" => (null, (uint)us.Length),
            "no NUL" => (us[..^1], (uint)us.Length),
            "truncated" => (us[..(us.Length / 2)], (uint)us.Length / 2),
            "short file" => (us[..10], (uint)us.Length),
            "empty" => (Array.Empty<byte>(), 0u),
            "huge" => (us, uint.MaxValue),
            "not xkb" => ([.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))], 5000u),
            "includes" => Sized("xkb_keymap { xkb_keycodes { include \"evdev\" }; xkb_types { include \"complete\" }; "
                + "xkb_compat { include \"complete\" }; xkb_symbols { include \"pc+de\" }; };\0"),
            // libxkbcommon 1.5 aborts.
            "huge code" => Sized(Encoding.UTF8.GetString(us).Replace("= 38;", "= 4294967290;")),
            "huge level" => Sized(Encoding.UTF8.GetString(us).Replace("level_name[", "level_name[0x7fffffff] = \"x\"; level_name[")),
            _ => Sized("xkb_keymap { xkb_symbols { key <A> { " + new string('[', 200_000)),
        };
        desktop.Host.SendKeymap(1, content, size);
        Tap(desktop, A);
        Assert.Equal([Press(A), Release(A)], desktop.Sent(2));
        // A real one, afterwards.
        desktop.Host.SetKeymap(HostKeymap.Of("b"));
        Tap(desktop, 1);
        Assert.Equal([Press(48), Release(48)], desktop.Sent(4)[2..]);
        Assert.Equal(["guestplane: warning: The compositor's keymap cannot be read: keys are passed to the VM by their codes."], Warnings(desktop));

        static (byte[]?, uint) Sized(string text) => (Encoding.UTF8.GetBytes(text), (uint)Encoding.UTF8.GetByteCount(text));
    }

    [Fact]
    public void No_keymap_is_codes_without_a_word()
    {
        using var desktop = Focused();
        desktop.Host.SendKeymap(0, null, 0);
        Tap(desktop, A);
        Assert.Equal([Press(A), Release(A)], desktop.Sent(2));
        Assert.Empty(Warnings(desktop));
    }

    /// <summary>A library that cannot be loaded is one that is not there.</summary>
    [Fact]
    public void Without_libxkbcommon_codes_are_passed_through_and_the_user_is_told()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-no-xkb-");
        File.WriteAllText(Path.Combine(folder.FullName, "libxkbcommon.so.0"), "This is no library.");
        using var desktop = Desktop("", ("LD_LIBRARY_PATH", folder.FullName));
        desktop.Host.KeyboardEnter(desktop.Root.Id, held: [LeftShift], depressed: Shift);
        desktop.Host.SetKeymap(HostKeymap.Of("b"));
        Tap(desktop, A);
        Assert.Equal([Press(LeftShift), Press(A), Release(A)], desktop.Sent(3));
        Assert.Equal(
            [
                "guestplane: warning: libxkbcommon.so.0 is not installed (Debian: libxkbcommon0): keys are passed to the VM by their "
                    + "codes, and what virtual keyboards type is wrong.",
            ],
            Warnings(desktop));
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Hundreds_of_keymaps_leave_neither_descriptors_nor_memory()
    {
        using var desktop = Focused();
        for (var i = 0; i < 50; i++)
            Upload(i);
        var (descriptors, memory) = (Descriptors(), ResidentKb());
        for (var i = 50; i < 350; i++)
            Upload(i);
        Assert.Equal(descriptors, Descriptors());
        // Those that are not kept must be freed: a compiled one has tens of KB, and its text as much.
        Assert.InRange(ResidentKb() - memory, int.MinValue, 5000);
        desktop.End();

        void Upload(int i)
        {
            desktop.Host.SetKeymap(HostKeymap.Of("a", $"U{0x4e00 + i:x}"));
            Tap(desktop, 1);
            // Its repeats do not count: on a busy machine a key is held for so long.
            desktop.WaitQemu(q => q.Input.Count(input => input is QemuKey { IsPressed: false }) == i + 1);
        }

        int Descriptors() => Directory.GetFiles($"/proc/{desktop.Run!.Id}/fd").Length;

        int ResidentKb() => int.Parse(File.ReadLines($"/proc/{desktop.Run!.Id}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
    }
}

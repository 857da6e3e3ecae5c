using System.Globalization;
using System.Text.RegularExpressions;

namespace Guestplane.Tests.Rig;

public sealed class InputBoot() : RigBoot("forky", "input.sh", seconds: 1000);

/// <summary>A user's hands on sway: the pointer as the host shows it, and what QEMU's own tracing says that it was told.</summary>
public sealed class InputTests(InputBoot boot) : RigTests<InputBoot>(boot)
{
    private const int Width = 1024, Height = 768;

    // What the scenario does first and what it ends the pointer's way with.
    private const int RestX = 300, RestY = 200, LastX = 900, LastY = 680;

    // Where the scenario taps on the touch screen.
    private const int TapX = 300, TapY = 200;

    // QEMU's guests' come as bytes, which go once into a wl_shm pool; again if QEMU tells it again.
    private const long CursorBytes = 64 * 64 * 4;

    private const string Grabbed = "Ctrl+Alt lets go";

    [Theory]
    [InlineData("pointer", 8, 8, 0)]
    [InlineData("guest-pointer", 5, 6, 2 * CursorBytes)]
    public void With_the_cursor_as_pointer_image_the_plane_stays_scanned_out(
        string name, int hotspotX, int hotspotY, long cursorBytes)
    {
        AssertZeroCopy(name, cursorBytes);
        var planes = Boot.Text($"{name}.drm");
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", planes);
        // The card's cursor plane, which the host has drawn, with its hotspot where the user's hand is.
        Assert.Matches($@"card=vkms .* imported=no crtc-pos=\d+x\d+\+{LastX - hotspotX}\+{LastY - hotspotY}\b", planes);
    }

    [Fact]
    public void The_cursor_plane_as_pointer_image_is_at_the_users_pointer()
    {
        Boot.Frame("pointer-still.png");
        Assert.True(Arrow.IsOfPatternAt(Boot.Png("pointer-still.png"), new(RestX, RestY)));
        Assert.Equal("dmabuf", Boot.Head("pointer-still").GetProperty("cursor").GetProperty("transport").GetString());
    }

    [Fact]
    public void The_cursor_of_a_QEMU_guest_is_at_the_users_pointer()
    {
        Assert.Equal(LastFrame("guest-pointer.driver"), Boot.Frame("guest-pointer-still.png"));
        Assert.True(Arrow.IsOfDriverAt(Boot.Png("guest-pointer-still.png"), new(RestX, RestY)));
    }

    [Fact]
    public void Positions_arrive_in_the_guests_pixels() =>
        Assert.Equal([.. Place(100, 50), .. Place(Width - 1, Height - 1)], Told("absolute-places"));

    [Fact]
    public void Buttons_and_the_wheel_arrive() => Assert.Equal(
        [
            .. Button("left"), .. Button("right"), .. Button("middle"), .. Button("side"), .. Button("extra"),
            .. Button("wheel-up"), .. Button("wheel-down"), .. Button("wheel-down"),
        ],
        Told("absolute-buttons"));

    [Fact]
    public void Keys_arrive_with_QEMUs_names() => Assert.Equal(
        [
            .. Key("a"), Key("shift")[0], .. Key("f12"), Key("shift")[1], .. Key("alt_r"), .. Key("kp_enter"), .. Key("less"),
        ],
        Told("absolute-keys"));

    [Fact]
    public void A_tap_is_a_click_for_a_VM_with_a_tablet_also_where_QEMU_offers_touch() =>
        Assert.Equal([.. Place(TapX, TapY), .. Button("left")], Told("touched-tablet-tap"));

    /// <summary>QEMU traces each of a finger's events by its axis, and only those of a position have a value.</summary>
    [Fact]
    public void A_tap_is_a_touch_for_a_VM_with_a_touch_screen()
    {
        string[] position = [.. Place(TapX, TapY).Select(axis => axis.Replace("abs", "mtt", StringComparison.Ordinal))];
        Assert.Equal(["mtt axis x, value 0x0", Button("touch")[0], .. position, "mtt axis x, value 0x0"], Told("touched-screen-tap"));
    }

    /// <summary>sway's own: 25 a second after 600 ms, and it was held for 4000.</summary>
    [Fact]
    public void A_held_key_repeats_until_it_is_released()
    {
        var told = Told("absolute-held");
        Assert.InRange(told.Count(line => line == Key("b")[0]), 4, 110);
        Assert.Equal(Key("b")[1], told[^1]);
        Assert.Single(told, Key("b")[1]);
    }

    [Fact]
    public void While_input_is_grabbed_the_guest_gets_the_compositors_shortcuts_and_the_title_says_so()
    {
        foreach (var (word, shortcuts, told) in new[] { ("shortcut", 1, Array.Empty<string>()), ("grabbed-shortcut", 1, Key("f9")), ("freed-shortcut", 2, []) })
        {
            Assert.Equal(shortcuts, Boot.Number($"absolute-{word}.shortcuts"));
            Assert.Equal(told, Told($"absolute-{word}"));
        }
        Assert.Contains(Grabbed, Boot.Text("absolute-grabbed.tree"));
        foreach (var word in new[] { "shortcut", "freed" })
            Assert.DoesNotContain(Grabbed, Boot.Text($"absolute-{word}.tree"));
    }

    /// <summary>The click that takes it is not for the guest, and neither is what comes before and after.</summary>
    [Fact]
    public void A_click_grabs_the_pointer_for_a_relative_guest_and_Ctrl_Alt_releases_it()
    {
        foreach (var word in new[] { "start", "before", "grabbed", "after" })
            Assert.Empty(Told($"relative-{word}"));
        foreach (var word in new[] { "before", "grabbed", "freed" })
            Assert.Equal(word == "grabbed", Boot.Text($"relative-{word}.tree").Contains(Grabbed));
    }

    [Fact]
    public void A_relative_guest_gets_unaccelerated_motion()
    {
        Assert.Equal([.. Move(40, -25), .. Move(-7, 3)], Told("relative-moves"));
        Assert.Equal([.. Button("left"), .. Button("right"), .. Button("wheel-down")], Told("relative-buttons"));
    }

    [Fact]
    public void A_vGPU_that_QEMU_does_not_display_is_shown_from_QEMUs_process_and_typed_into()
    {
        AssertZeroCopy("vgpu");
        // The tablet's 1024 by 768 are this screen's 640 by 480, which QEMU's console has, too.
        Assert.Equal([.. Place(187, 125, 640, 480), .. Button("left"), .. Key("a")], Told("vgpu-hands"));
        // Each flip is committed once, and an image that has stood for a second at each refresh. QEMU's own way shows half of them.
        var uptimes = Boot.Text("vgpu.times").Split('\n').Take(2).Select(line => 1000 * double.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture)).ToList();
        Assert.InRange(PresentedCommits("vgpu").Count(commit => commit.Committed > uptimes[0] && commit.Committed < uptimes[1]), 330, 640);
    }

    private string[] Told(string file) =>
        [.. Regex.Matches(Boot.Text($"{file}.input"), @"input_event_(\w+) con \d+, (.*)").Select(m => $"{m.Groups[1]} {m.Groups[2].Value.Trim()}")];

    /// <summary>QEMU's absolute axes go to 0x7fff (ui/input.h, INPUT_EVENT_ABS_MAX).</summary>
    private static string[] Place(int x, int y, int width = Width, int height = Height) =>
        [$"abs axis x, value 0x{x * 0x7fff / width:x}", $"abs axis y, value 0x{y * 0x7fff / height:x}"];

    private static string[] Move(int x, int y) => [$"rel axis x, value {x}", $"rel axis y, value {y}"];

    private static string[] Button(string name) => [$"btn button {name}, down 1", $"btn button {name}, down 0"];

    private static string[] Key(string name) => [$"key_qcode key qcode {name}, down 1", $"key_qcode key qcode {name}, down 0"];
}

using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Tests.Compositor;

public sealed class PacerTests
{
    private const long Millisecond = 1_000_000;
    private const long Refresh = 16_666_667;

    private static Pacer New(bool hidden = false, int outputMilliHz = 0) => new(new SilentGuest(), outputMilliHz, _ => hidden);

    [Fact]
    public void It_asks_once_per_refresh_the_margin_before_the_vblank()
    {
        var pacer = New();
        pacer.Shown(1000 * Millisecond, Refresh);
        var moment = 1000 * Millisecond;
        for (var n = 1; n <= 1000; n++)
        {
            moment = pacer.Next(moment);
            var toVblank = (1000 * Millisecond + (n + 1) * Refresh - moment) % Refresh;
            Assert.InRange(toVblank, 7 * Millisecond, 9 * Millisecond);
        }
        Assert.InRange(moment - 1000 * Millisecond, 999 * Refresh, 1001 * Refresh);
    }

    [Fact]
    public void A_vblank_a_hair_later_than_predicted_is_not_asked_for_twice()
    {
        var pacer = New();
        pacer.Shown(1000 * Millisecond, Refresh);
        var asked = pacer.Next(1000 * Millisecond);
        pacer.Shown(1000 * Millisecond + Millisecond / 10, Refresh);
        Assert.InRange(pacer.Next(asked) - asked, Refresh - Millisecond, Refresh + Millisecond);
    }

    [Fact]
    public void A_refresh_that_no_display_has_is_not_believed()
    {
        var pacer = New();
        pacer.Shown(1000 * Millisecond, 1);
        var asked = pacer.Next(1000 * Millisecond);
        Assert.InRange(pacer.Next(asked) - asked, 16 * Millisecond, 17 * Millisecond);
    }

    [Fact]
    public void Without_presentation_the_outputs_mode_says_how_often()
    {
        var pacer = New(outputMilliHz: 120_000);
        var first = pacer.Next(0);
        Assert.InRange(pacer.Next(first) - first, 8_333_000, 8_334_000);
    }

    [Fact]
    public void A_hidden_window_asks_ten_times_a_second()
    {
        var pacer = New(hidden: true);
        Assert.Equal(100 * Millisecond, pacer.Next(0));
    }

    private sealed class SilentGuest : IGuest
    {
        public string Source => "silent";

        public IReadOnlyList<Head> Heads => [];

        public bool IsAsked => true;

        public int DmaBufs => 0;

        public event Action<string>? Lost
        {
            add { }
            remove { }
        }

        public void Start(Loop loop) { }

        public long Ask(long now) => now;

        public void Dispose() { }
    }
}

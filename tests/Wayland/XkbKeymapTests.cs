using System.Text;
using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

/// <summary>Keymaps of every kind, and texts that are none.</summary>
public sealed class XkbKeymapTests
{
    // XKBproto's real modifiers.
    private const uint Shift = 1, Lock = 2, Control = 4, AltGr = 128;

    private const uint Q = 16, A = 30, LeftCtrl = 29, RightAlt = 100, F5 = 63;

    // xkbcommon-keysyms.h.
    private const uint KeysymQ = 'q', KeysymAt = '@', KeysymF5 = 0xffc2;

    [Fact]
    public void A_key_has_the_symbol_and_the_modifiers_of_its_keymap()
    {
        using var keymap = XkbKeymap.Parse(HostKeymap.OfLayout("de"))!;
        Assert.Equal((KeysymQ, 0u), (keymap.SymbolOf(Q, Control, 0, 0, out var consumed), consumed & Control));
        Assert.Equal((KeysymAt, AltGr), (keymap.SymbolOf(Q, AltGr | Control, 0, 0, out consumed), consumed & (AltGr | Control)));
        Assert.Equal(((uint)'A', Shift), (keymap.SymbolOf(A, Shift | Control, 0, 0, out consumed), consumed & (Shift | Control)));
        Assert.Equal((uint)'a', keymap.SymbolOf(A, Shift, Lock, 0, out _));
        Assert.Equal((KeysymF5, 0u), (keymap.SymbolOf(F5, Control, 0, 0, out consumed), consumed));
        Assert.Equal((Control, AltGr, 0u), (keymap.ModifiersOf(LeftCtrl, 0), keymap.ModifiersOf(RightAlt, 0), keymap.ModifiersOf(A, 0)));
        Assert.Equal((A, null), (keymap.CodeOf("AC01"u8), keymap.CodeOf("NONE"u8)));
    }

    /// <summary>All of this machine's layouts that have unusual symbols, so that large keysyms are among them.</summary>
    [Theory]
    [InlineData("us,ru,gr,il")]
    [InlineData("jp")]
    [InlineData("ca(multix)")]
    [InlineData("de(neo)")]
    [InlineData("in(mal)")]
    [InlineData("brai")]
    public void Real_keymaps_are_taken(string layout)
    {
        using var keymap = XkbKeymap.Parse(HostKeymap.OfLayout(layout));
        Assert.NotNull(keymap);
    }

    /// <summary>As libxkbcommon 1.8 and later write them.</summary>
    [Theory]
    [InlineData("xkb_types { virtual_modifiers NumLock=0x10,LevelThree=0x80000000 , Hyper= 0x40; };", false)]
    [InlineData("indicator \"Group 2\" { !allowExplicit; groups= 0xfffffffe; };", false)]
    [InlineData("interpret 0x1008fe01+AnyOfOrNone(all) { };", false)]
    [InlineData("xkb_keycodes { minimum = 8; maximum = 0xfffffffe; <AE01> = 10; };", true)]
    [InlineData("xkb_keycodes { <AE01>= 0xfffffffe; };", true)]
    [InlineData("xkb_types { virtual_modifiers NumLock=4294967295; };", true)]
    public void Hexadecimal_masks_are_no_huge_numbers(string text, bool isHuge) =>
        Assert.Equal(isHuge, XkbText.HasHugeNumber(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Keysyms_without_names_are_taken()
    {
        using var keymap = XkbKeymap.Parse(HostKeymap.Of("0x0101f600", "U1f600, 0x10081247"))!;
        Assert.Equal((0x101f600u, 0x10081247u), (keymap.SymbolOf(1, 0, 0, 0, out _), keymap.SymbolOf(2, Shift, 0, 0, out _)));
        Assert.Equal(0x1f600u, XkbKeymap.CharacterOf(0x101f600));
    }

    /// <summary>libxkbcommon 1.5 ends the process for some of these.</summary>
    [Theory]
    [InlineData("= 38;", "= 4294967290;")]
    [InlineData("= 38;", "= 0xfffffffa;")]
    [InlineData("= 38;", "= 99999999999999999999;")]
    [InlineData("maximum = 708", "maximum = 4294967294")]
    [InlineData("level_name[", "level_name[99999999] = \"x\"; level_name[")]
    [InlineData("level_name[", "level_name [ 0x0fffffff ] = \"x\"; level_name[")]
    public void Huge_numbers_are_refused(string before, string after)
    {
        var text = Encoding.UTF8.GetString(HostKeymap.OfLayout("us"));
        Assert.Contains(before, text, StringComparison.Ordinal);
        Assert.Null(XkbKeymap.Parse(Encoding.UTF8.GetBytes(text.Replace(before, after))));
    }

    /// <summary>libxkbcommon 1.5 ends the process for these.</summary>
    [Theory]
    [InlineData("{ , [")]
    [InlineData("{,\t[")]
    [InlineData("{ // \"a comment\n , [")]
    [InlineData("{ # <another one\n//\n, [")]
    public void A_key_whose_first_part_is_empty_is_refused(string after)
    {
        var text = Encoding.UTF8.GetString(HostKeymap.Of("a", "b"));
        var symbols = text.IndexOf("xkb_symbols", StringComparison.Ordinal);
        var key = text.IndexOf("key <", symbols, StringComparison.Ordinal);
        var brace = text.IndexOf('{', key);
        Assert.Null(XkbKeymap.Parse(Encoding.UTF8.GetBytes(text[..brace] + after + text[(text.IndexOf('[', brace) + 1)..])));
    }

    [Theory]
    [InlineData("type \"{\", \"a\\\", b", false)]
    [InlineData("keys { <{>, <\">, <#> }", false)]
    [InlineData("// {\n, # {\n,", false)]
    [InlineData("type \"a\\\" { , \"b\"", true)]
    [InlineData("keys { <\"> }; key <#> { ,", true)]
    [InlineData("{ \"", false)]
    [InlineData("{ <", false)]
    [InlineData("{ #", false)]
    [InlineData("", false)]
    public void Strings_names_and_comments_are_no_punctuation(string text, bool hasEmptyPart) =>
        Assert.Equal(hasEmptyPart, XkbText.HasEmptyPart(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_text_that_is_cut_anywhere_is_refused()
    {
        var text = HostKeymap.Of("a", "b");
        for (var length = 0; length < text.Length - 4; length += 97)
            Assert.Null(XkbKeymap.Parse(text.AsSpan(0, length)));
    }

    [Fact]
    public void A_layout_that_is_not_installed_is_none() => Assert.Null(XkbKeymap.OfLayout("nowhere"));
}

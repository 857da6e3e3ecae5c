using Guestplane.Gvt;

namespace Guestplane.Tests.Gvt;

public sealed class ColorModelTests
{
    /// <summary>The values of ITU-R BT.601-7, BT.709-6 and BT.2020-2 for 8 and 10 bits.</summary>
    [Theory]
    [InlineData("bt601", 0xffffffu, 8, 235, 128, 128)]
    [InlineData("bt601", 0x000000u, 8, 16, 128, 128)]
    [InlineData("bt601", 0xff0000u, 8, 81, 90, 240)]
    [InlineData("bt601", 0x0000ffu, 8, 41, 240, 110)]
    [InlineData("bt709", 0xff0000u, 8, 63, 102, 240)]
    [InlineData("bt709", 0x00ff00u, 8, 173, 42, 26)]
    [InlineData("bt709", 0x0000ffu, 8, 32, 240, 118)]
    [InlineData("bt2020", 0xff0000u, 10, 294, 387, 960)]
    [InlineData("bt709-full", 0xffffffu, 8, 255, 128, 128)]
    [InlineData("bt601-full", 0xff0000u, 8, 76, 85, 255)]
    public void A_colour_has_the_values_of_its_recommendation(string model, uint rgb, int bits, int y, int cb, int cr) =>
        Assert.Equal((y, cb, cr), ColorModel.Parse(model)!.Value.Encode(rgb, bits));

    [Fact]
    public void What_was_encoded_is_decoded_again()
    {
        foreach (var matrix in Enum.GetValues<ColorMatrix>())
            foreach (var range in Enum.GetValues<ColorRange>())
                for (var rgb = 0u; rgb <= 0xffffff; rgb += 0x070b0d)
                {
                    var model = new ColorModel(matrix, range);
                    Assert.Equal(rgb, model.Decode(model.Encode(rgb, 10), 10));
                }
    }

    [Theory]
    [InlineData("bt709", "bt709", 0)]
    [InlineData("bt2020-full", "bt2020-full-left", 0)]
    [InlineData("bt709", "bt601", 35)]
    [InlineData("bt601", "bt709-full", 53)]
    public void Taken_for_another_model_colours_are_off(string model, string other, int steps) =>
        Assert.Equal(steps, ColorModel.Parse(model)!.Value.StepsTo(ColorModel.Parse(other)!.Value));

    [Theory]
    [InlineData("bt601")]
    [InlineData("bt709-full")]
    [InlineData("bt2020-left")]
    [InlineData("bt709-full-topleft")]
    public void Words_come_back(string words) => Assert.Equal(words, ColorModel.Parse(words)!.Value.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("bt708")]
    [InlineData("BT709")]
    [InlineData("full")]
    [InlineData("bt709-")]
    [InlineData("bt709-limited")]
    [InlineData("bt709-unset")]
    [InlineData("bt709-left-full")]
    [InlineData("bt709-full-left-left")]
    public void Other_words_are_none(string words) => Assert.Null(ColorModel.Parse(words));

    [Theory]
    [InlineData(480, "bt601")]
    [InlineData(576, "bt601")]
    [InlineData(577, "bt709")]
    [InlineData(2160, "bt709")]
    public void A_size_has_a_usual_model(int lines, string model) => Assert.Equal(model, ColorModel.Of(lines).ToString());
}

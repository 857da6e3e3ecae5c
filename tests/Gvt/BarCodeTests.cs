using Guestplane.Gvt.Pattern;

namespace Guestplane.Tests.Gvt;

public sealed class BarCodeTests
{
    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(0x80000000u)]
    [InlineData(0xdeadbeefu)]
    public void A_drawn_bar_code_is_read_back(uint frame) =>
        Assert.Equal(frame, BarCode.Read((x, _) => BarCode.IsWhite(frame, (x - BarCode.X) / BarCode.CellWidth)));

    [Fact]
    public void A_blank_image_has_no_bar_code()
    {
        Assert.Null(BarCode.Read((_, _) => true));
        Assert.Null(BarCode.Read((_, _) => false));
    }

    [Fact]
    public void A_wrong_bit_is_noticed() =>
        Assert.Null(BarCode.Read((x, _) => BarCode.IsWhite(5, (x - BarCode.X) / BarCode.CellWidth) ^ (x - BarCode.X) / BarCode.CellWidth == 20));
}

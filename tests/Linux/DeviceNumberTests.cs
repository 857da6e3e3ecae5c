using Guestplane.Linux.Drm;

namespace Guestplane.Tests.Linux;

public sealed class DeviceNumberTests
{
    [Theory]
    // drm's major is 226; a render node's minor is from 128 on.
    [InlineData(0xe280, 226, 128)]
    // Bits 44 and above are the major's, bits 20 to 43 the minor's.
    [InlineData(0x0000_5000_1234_5678, 0x5456, 0x12378)]
    public void A_device_number_is_unpacked_as_glibc_does(ulong device, uint major, uint minor) =>
        Assert.Equal($"/sys/dev/char/{major}:{minor}", DeviceNumber.SysfsLink(device));
}

using Guestplane.Tests.House;
using Xunit.MicrosoftTestingPlatform;

namespace Guestplane.Tests;

/// <summary>The tests; or, as <c>./test measure [CHECKOUT]</c>, the figures of a checkout's code.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is not ["measure", .. var rest])
            return await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
        new Measurement(new(rest.FirstOrDefault() ?? Repository.Root), Console.Out).Print();
        return 0;
    }
}

using Guestplane.Linux;

namespace Guestplane.Tests.Linux;

internal static class LoopCalls
{
    /// <summary>Does it in the loop's thread, and waits for that. False if the time is up.</summary>
    public static bool Do(this Loop loop, Action action, TimeSpan patience)
    {
        // Not disposed: a loop that hangs may still set it.
        var done = new ManualResetEventSlim();
        loop.Post(() =>
        {
            action();
            done.Set();
        });
        return done.Wait(patience);
    }
}

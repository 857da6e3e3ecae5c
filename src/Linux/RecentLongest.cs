namespace Guestplane.Linux;

/// <summary>
/// The longest of recent times. A shorter one lowers it by 1/1024 at most: to a half in twelve seconds at 60 Hz. On a busy
/// machine one answer in a hundred takes several times as long as most.
/// </summary>
public struct RecentLongest
{
    private const int DownBy = 1024;

    public long Ns { get; private set; }

    /// <param name="time">The newest time, ns.</param>
    /// <param name="most">What is longer than this counts as this, ns.</param>
    public void Add(long time, long most) => Ns = Math.Min(Math.Max(time, Ns - Ns / DownBy), most);
}

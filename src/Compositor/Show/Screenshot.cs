using System.Globalization;
using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Saves what a head shows: the guest's own pixels, whatever the window is like, without its cursor plane.</summary>
internal static class Screenshot
{
    /// <summary>Those that are being written, or whose end was not told yet: what went wrong, or null.</summary>
    private static readonly Dictionary<string, Task<string?>> s_saving = [];

    /// <summary>Copies the image now, and writes it in another thread: that takes longer than a refresh.</summary>
    public static void Save(Head head, string folder, Loop loop, Messages messages)
    {
        if (StillImage.Of(head.Newest(PlaneKind.Primary)) is not { } image)
        {
            messages.Info("There is no screenshot: the VM shows no image that the CPU can read.");
            return;
        }
        var name = $"guestplane-{DateTime.Now.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture)}.png";
        var path = Path.GetFullPath(Path.Combine(folder, name));
        var saving = Task.Run(() => Write(path, image));
        s_saving[path] = saving;
        saving.ContinueWith(_ => loop.Post(() => Tell(path, messages)), TaskScheduler.Default);
    }

    /// <summary>Waits for those that are being written.</summary>
    public static void Finish(Messages messages)
    {
        foreach (var path in s_saving.Keys.ToList())
            Tell(path, messages);
    }

    private static void Tell(string path, Messages messages)
    {
        if (s_saving.Remove(path, out var saving))
            messages.Info(saving.Result is { } problem
                ? $"The screenshot is not saved: {problem}." : $"The screenshot is in {path}.");
    }

    private static string? Write(string path, StillImage image)
    {
        try
        {
            Png.Write(path, image.Width, image.Height, image.Pixels);
            return null;
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
        catch (DllNotFoundException)
        {
            return $"{Png.File} is not installed (Debian: libpng16-16)";
        }
    }
}

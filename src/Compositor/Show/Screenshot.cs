using System.Globalization;
using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Saves what a head shows: the guest's own pixels, whatever the window is like, without its cursor plane.</summary>
internal static class Screenshot
{
    /// <summary>Those that are being written, or whose end was not told yet: a sentence each.</summary>
    private static readonly List<Task<string>> s_saving = [];

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
        s_saving.Add(saving);
        saving.ContinueWith(_ => loop.Post(() => Tell(saving, messages)), TaskScheduler.Default);
    }

    /// <summary>Waits for those that are being written.</summary>
    public static void Finish(Messages messages)
    {
        foreach (var saving in s_saving.ToList())
            Tell(saving, messages);
    }

    private static void Tell(Task<string> saving, Messages messages)
    {
        if (s_saving.Remove(saving))
            messages.Info(saving.Result);
    }

    private static string Write(string path, StillImage image)
    {
        try
        {
            Png.Write(path, image.Width, image.Height, image.Pixels);
            return $"The screenshot is in {path}.";
        }
        catch (InvalidDataException e)
        {
            return $"The screenshot is not saved: {e.Message}.";
        }
        catch (DllNotFoundException)
        {
            return $"The screenshot is not saved: {Png.File} is not installed (Debian: libpng16-16).";
        }
    }
}

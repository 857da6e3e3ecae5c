using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

/// <summary>A hardware plane that shows a framebuffer of this size (pixels).</summary>
/// <param name="Name">The driver's name for it: "plane-0".</param>
/// <param name="IsImported">True if its memory was imported as a dma-buf, so it is not the compositor's own.</param>
/// <param name="Format">Its pixel format.</param>
/// <param name="Color">
/// What the values of a Y'CbCr format are taken for. The kernel has a value for every plane, also where the driver has no choice.
/// </param>
internal readonly record struct HardwarePlane(
    string Name, int Width, int Height, bool IsImported, Fourcc Format = default, ColorModel? Color = null);

/// <summary>
/// The second witness: the state of the hardware planes from the kernel's debugfs (dri/N/state, written by
/// drm_atomic_print_new_state). Only root can read it.
/// </summary>
internal sealed class DrmState
{
    /// <summary>The minors below are those of /dev/dri/cardN (drm_minor_alloc).</summary>
    private const int FirstOtherMinor = 64;

    private readonly List<string> _files;

    private DrmState(List<string> files) => _files = files;

    /// <summary>Null if debugfs cannot be read, or no card has a state.</summary>
    public static DrmState? Open(string folder = "/sys/kernel/debug/dri")
    {
        try
        {
            // A card is there once for each of its nodes, and by its name as well.
            var states = Directory.EnumerateDirectories(folder)
                .Where(card => int.TryParse(Path.GetFileName(card), out var minor) && minor < FirstOtherMinor)
                .Select(card => Path.Combine(card, "state"));
            return states.Where(File.Exists).ToList() is { Count: > 0 } files ? new DrmState(files) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The planes of all cards that show a dma-buf of that size. Null if that cannot be read now.</summary>
    public IReadOnlyList<HardwarePlane>? PlanesWith(int width, int height)
    {
        try
        {
            return [.. _files.SelectMany(file => Planes(File.ReadAllText(file)))
                .Where(plane => plane.IsImported && (plane.Width, plane.Height) == (width, height))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>True if there are as many planes as images, false if none; null if fewer: whose they are is not known.</summary>
    public static bool? AreAllShown(int planes, int images) => planes >= images ? true : planes == 0 ? false : null;

    /// <summary>The planes in a state file that show something.</summary>
    public static IEnumerable<HardwarePlane> Planes(string state)
    {
        var plane = new HardwarePlane();
        var (isOn, hasFrame) = (false, false);
        foreach (var line in state.Split('\n'))
        {
            // Objects begin in the first column: "plane[33]: plane-0", "crtc[38]: crtc-0", "connector[40]: …".
            if (line.Length > 0 && line[0] != '\t')
            {
                if (isOn && hasFrame)
                    yield return plane;
                var isPlane = line.StartsWith("plane[", StringComparison.Ordinal);
                plane = new HardwarePlane(isPlane ? line[(line.IndexOf(' ') + 1)..] : "", 0, 0, false);
                (isOn, hasFrame) = (false, false);
            }
            else if (plane.Name is { Length: > 0 })
            {
                isOn |= Value(line, "\tcrtc=") is not null and not "(null)";
                hasFrame |= Value(line, "\tfb=") is not null and not "0";
                if (Value(line, "\t\tsize=")?.Split('x') is [var width, var height])
                    plane = plane with { Width = int.Parse(width), Height = int.Parse(height) };
                if (Value(line, "\t\tformat=") is { Length: >= 4 } format)
                    plane = plane with { Format = Fourcc.Of(format) };
                if (line.Contains("imported=yes", StringComparison.Ordinal))
                    plane = plane with { IsImported = true };
                plane = plane with { Color = ColorOf(line, plane.Color) };
            }
        }
        if (isOn && hasFrame)
            yield return plane;
    }

    /// <summary>The model with what a line says of it (drm_color_mgmt.c). The encoding comes before the range.</summary>
    private static ColorModel? ColorOf(string line, ColorModel? model) => Value(line, "\tcolor-encoding=") switch
    {
        "ITU-R BT.601 YCbCr" => new(ColorMatrix.Bt601),
        "ITU-R BT.709 YCbCr" => new(ColorMatrix.Bt709),
        "ITU-R BT.2020 YCbCr" => new(ColorMatrix.Bt2020),
        null when model is { } known && Value(line, "\tcolor-range=") == "YCbCr full range" =>
            known with { Range = ColorRange.Full },
        _ => model,
    };

    private static string? Value(string line, string field) =>
        line.StartsWith(field, StringComparison.Ordinal) ? line[field.Length..] : null;
}

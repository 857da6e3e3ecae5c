using System.Globalization;

namespace Guestplane.Compositor.Probing;

/// <summary>A hardware plane with a framebuffer on it.</summary>
/// <param name="Name">"plane-0", as the driver calls it.</param>
/// <param name="Width">Of its framebuffer, in pixels.</param>
/// <param name="Height">Likewise.</param>
/// <param name="IsImported">Its memory came in as a dma-buf: it is not the host's own.</param>
internal readonly record struct HardwarePlane(string Name, int Width, int Height, bool IsImported);

/// <summary>
/// The second witness: what is on the hardware planes, by the kernel's own word (debugfs, dri/N/state, which
/// drm_atomic_print_new_state writes). It takes root.
/// </summary>
internal sealed class DrmState
{
    private const string Folder = "/sys/kernel/debug/dri";
    private readonly List<string> _files;

    private DrmState(List<string> files) => _files = files;

    /// <summary>Null where the kernel's debugfs may not be read, or no card has a state.</summary>
    public static DrmState? Open()
    {
        try
        {
            var files = Directory.EnumerateDirectories(Folder).Select(card => Path.Combine(card, "state")).Where(File.Exists).ToList();
            return files.Count == 0 ? null : new DrmState(files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a dma-buf of that size is on a plane of any card; null when that cannot be read now.</summary>
    public bool? IsOnPlane(int width, int height)
    {
        try
        {
            return _files.SelectMany(file => Planes(File.ReadAllText(file))).Any(plane => plane.IsImported && (plane.Width, plane.Height) == (width, height));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The planes of a state file that show something.</summary>
    public static IEnumerable<HardwarePlane> Planes(string state)
    {
        var plane = new HardwarePlane();
        var (isOn, hasFrame) = (false, false);
        foreach (var line in state.Split('\n'))
        {
            // An object begins at the margin: "plane[33]: plane-0", "crtc[38]: crtc-0", "connector[40]: …".
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
                    plane = plane with { Width = int.Parse(width, CultureInfo.InvariantCulture), Height = int.Parse(height, CultureInfo.InvariantCulture) };
                if (line.Contains("imported=yes", StringComparison.Ordinal))
                    plane = plane with { IsImported = true };
            }
        }
        if (isOn && hasFrame)
            yield return plane;
    }

    private static string? Value(string line, string field) => line.StartsWith(field, StringComparison.Ordinal) ? line[field.Length..] : null;
}

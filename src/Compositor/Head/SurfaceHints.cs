using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The user's hints on a plane's frames (tearing, content type); applied with the surface's next commit.</summary>
internal sealed class SurfaceHints : IDisposable
{
    private readonly WpTearingControlV1? _tearing;
    private readonly WpContentTypeV1? _content;

    public SurfaceHints(Globals globals, WlSurface surface, ShowOptions options)
    {
        if (options.Tearing && globals.TearingControl is { } tearing)
        {
            _tearing = tearing.GetTearingControl(surface);
            _tearing.SetPresentationHint(WpTearingControlV1PresentationHint.Async);
        }
        if (options.Content != WpContentTypeV1Type.None && globals.ContentType is { } content)
        {
            _content = content.GetSurfaceContentType(surface);
            _content.SetContentType(options.Content);
        }
    }

    /// <summary>A sentence for each hint that the compositor has no protocol for.</summary>
    public static IEnumerable<string> Unheard(Host host, ShowOptions options)
    {
        var globals = host.Globals;
        if (options.Tearing && globals.TearingControl is null)
            yield return "--tearing has no effect: the compositor has no wp_tearing_control_manager_v1.";
        if (options.Content != WpContentTypeV1Type.None && globals.ContentType is null)
            yield return "--content has no effect: the compositor has no wp_content_type_manager_v1.";
        if (options.Color is { } color && host.Colors.ProblemWith(color) is { } problem)
            yield return $"--color has no effect: {problem}.";
    }

    public void Dispose()
    {
        _tearing?.Dispose();
        _content?.Dispose();
    }
}

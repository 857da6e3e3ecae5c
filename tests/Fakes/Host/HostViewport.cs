namespace Guestplane.Tests.Fakes;

internal sealed class HostViewporter(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint ViewportExists = 0;

    public override void Handle(Request request)
    {
        if (request.Name != "get_viewport")
            return;
        var surface = request.Object<HostSurface>("surface");
        if (surface.Viewport is not null)
            throw Fault(ViewportExists, $"{surface} already has {surface.Viewport}");
        request.New<HostViewport>("id").Start(surface);
    }
}

internal sealed class HostViewport(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint BadValue = 0;
    private const uint BadSize = 1;
    private const uint OutOfBuffer = 2;
    private const uint NoSurface = 3;

    private HostSurface? _surface;

    public void Start(HostSurface surface)
    {
        _surface = surface;
        surface.Viewport = this;
    }

    public void SurfaceGone() => _surface = null;

    public override void Handle(Request request)
    {
        if (request.Name != "destroy" && _surface is null)
            throw Fault(NoSurface, "the surface is gone");
        switch (request.Name)
        {
            case "set_source": SetSource(request); break;
            case "set_destination": SetDestination(request.Int("width"), request.Int("height")); break;
        }
    }

    public void Committing(SurfaceState next)
    {
        if (next.Source!.Value.Value is not { } source)
            return;
        if (next.Destination!.Value.Value is null && (source.Width % 1 != 0 || source.Height % 1 != 0))
            throw Fault(BadSize, $"source of {source.Width}x{source.Height} without a destination");
        if (next.Buffer!.Value.Value is not { } buffer)
            return;
        var (width, height) = (buffer.Width / (double)next.Scale!.Value, buffer.Height / (double)next.Scale!.Value);
        if (next.Transform!.Value % 2 == 1)
            (width, height) = (height, width);
        if (source.X + source.Width > width || source.Y + source.Height > height)
            throw Fault(OutOfBuffer, $"source {source} of a buffer of {width}x{height}");
    }

    protected override void Freed()
    {
        if (_surface is null)
            return;
        _surface.Viewport = null;
        _surface.Pending.Source = new(null);
        _surface.Pending.Destination = new(null);
    }

    private void SetSource(Request request)
    {
        var source = new SourceRect(request.Fixed("x"), request.Fixed("y"), request.Fixed("width"), request.Fixed("height"));
        if (source == new SourceRect(-1, -1, -1, -1))
        {
            _surface!.Pending.Source = new(null);
            return;
        }
        if (source.X < 0 || source.Y < 0 || source.Width <= 0 || source.Height <= 0)
            throw Fault(BadValue, $"source {source}");
        _surface!.Pending.Source = new(source);
    }

    private void SetDestination(int width, int height)
    {
        if (width == -1 && height == -1)
        {
            _surface!.Pending.Destination = new(null);
            return;
        }
        if (width <= 0 || height <= 0)
            throw Fault(BadValue, $"destination of {width}x{height}");
        _surface!.Pending.Destination = new((width, height));
    }
}

namespace Guestplane.Tests.Fakes;

public sealed partial class HostViolationTests
{
    /// <summary>Mistakes with surfaces, subsurfaces and viewports.</summary>
    private static Dictionary<string, Mistake> SurfacesMistakes => new()
    {
        ["second role for a window"] = new("already has the role", r =>
        {
            var w = r.Window();
            var s = r.Surface();
            r.Send(r.Subcompositor, 1, r.NewId(), w.Surface, s);
            return (r.Subcompositor, 0);
        }),
        ["subsurface of itself"] = new("own parent", r =>
        {
            var s = r.Surface();
            r.Subsurface(s, s);
            return (r.Subcompositor, 0);
        }),
        ["subsurfaces in a ring"] = new("ancestor", r =>
        {
            var a = r.Surface();
            var b = r.Surface();
            r.Subsurface(a, b);
            r.Subsurface(b, a);
            return (r.Subcompositor, 1);
        }),
        ["surface destroyed before its subsurface"] = new("role object", r =>
        {
            var a = r.Surface();
            var b = r.Surface();
            r.Subsurface(a, b);
            r.Send(a, 0);
            return (a, 4);
        }),
        ["place above a stranger"] = new("sibling", r =>
        {
            var a = r.Surface();
            var b = r.Surface();
            var c = r.Surface();
            var x = r.Subsurface(a, b);
            r.Send(x, 2, c);
            return (x, 0);
        }),
        ["attach with an offset"] = new("attach at 1,0", r =>
        {
            var a = r.Surface();
            r.Send(a, 1, 0u, 1, 0);
            return (a, 3);
        }),
        ["scale 0"] = new("scale 0", r =>
        {
            var a = r.Surface();
            r.Send(a, 8, 0);
            return (a, 0);
        }),
        ["transform 8"] = new("transform 8", r =>
        {
            var a = r.Surface();
            r.Send(a, 7, 8);
            return (a, 1);
        }),
        ["scale that does not divide the size"] = new("with scale 2", r =>
        {
            var a = r.Surface();
            r.Send(a, 8, 2);
            r.Show(a);
            return (a, 2);
        }),
        ["attach of a destroyed buffer"] = new("unknown object", r =>
        {
            var a = r.Surface();
            var b = r.Pixel();
            r.Send(b, 0);
            r.Attach(a, b);
            return (RawClient.Display, 1);
        }),
        ["buffer destroyed between attach and commit"] = new("destroyed after its attach", r =>
        {
            var a = r.Surface();
            var b = r.Pixel();
            r.Attach(a, b);
            r.Send(b, 0);
            r.Commit(a);
            return null;
        }),
        ["second viewport"] = new("already has", r =>
        {
            var a = r.Surface();
            r.Viewport(a);
            r.Viewport(a);
            return (r.Viewporter, 0);
        }),
        ["empty viewport source"] = new("source", r =>
        {
            var a = r.Surface();
            var v = r.Viewport(a);
            r.Send(v, 1, 0, 0, 0, 256);
            return (v, 0);
        }),
        ["empty viewport destination"] = new("destination", r =>
        {
            var a = r.Surface();
            var v = r.Viewport(a);
            r.Send(v, 2, 0, 5);
            return (v, 0);
        }),
        ["broken viewport source without destination"] = new("without a destination", r =>
        {
            var a = r.Surface();
            var v = r.Viewport(a);
            r.Send(v, 1, 0, 0, RawClient.Fixed(0.5), RawClient.Fixed(1));
            r.Show(a);
            return (v, 1);
        }),
        ["viewport source beyond the buffer"] = new("of a buffer", r =>
        {
            var a = r.Surface();
            var v = r.Viewport(a);
            r.Send(v, 1, 0, 0, RawClient.Fixed(2), RawClient.Fixed(1));
            r.Show(a);
            return (v, 2);
        }),
        ["viewport of a surface that is gone"] = new("gone", r =>
        {
            var a = r.Surface();
            var v = r.Viewport(a);
            r.Send(a, 0);
            r.Send(v, 2, 5, 5);
            return (v, 3);
        }),
    };
}

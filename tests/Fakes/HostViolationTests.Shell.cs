namespace Guestplane.Tests.Fakes;

public sealed partial class HostViolationTests
{
    /// <summary>Mistakes with windows and cursors.</summary>
    private static Dictionary<string, Mistake> ShellMistakes => new()
    {
        ["ack of a wrong serial"] = new("serial 4711", r =>
        {
            var w = r.Window();
            r.Send(w.Xdg, 4, 4711);
            return (w.Xdg, 4);
        }),
        ["ack of a serial twice"] = new("already acknowledged", r =>
        {
            var w = r.Window();
            r.Send(w.Xdg, 4, r.Word(w.Xdg, 0, 0));
            return (w.Xdg, 4);
        }),
        ["buffer before configure"] = new("before the first configure", r =>
        {
            var s = r.Surface();
            var x = r.XdgSurface(s);
            r.Toplevel(x);
            r.Show(s);
            return (x, 3);
        }),
        ["buffer before ack"] = new("acknowledged", r =>
        {
            var s = r.Surface();
            var x = r.XdgSurface(s);
            r.Toplevel(x);
            r.Commit(s);
            r.Sync();
            r.Show(s);
            return (x, 3);
        }),
        ["xdg_surface for a surface with a buffer"] = new("already has a buffer", r =>
        {
            var s = r.Surface();
            r.Attach(s, r.Pixel());
            var x = r.XdgSurface(s);
            return (x, 3);
        }),
        ["commit before the toplevel"] = new("commit before", r =>
        {
            var s = r.Surface();
            var x = r.XdgSurface(s);
            r.Commit(s);
            return (x, 1);
        }),
        ["two toplevels"] = new("exists", r =>
        {
            var w = r.Window();
            r.Send(w.Xdg, 1, r.NewId());
            return (w.Xdg, 2);
        }),
        ["xdg_surface destroyed before its toplevel"] = new("destroyed before", r =>
        {
            var w = r.Window();
            r.Send(w.Xdg, 0);
            return (w.Xdg, 6);
        }),
        ["surface destroyed before its role"] = new("role object", r =>
        {
            var w = r.Window();
            r.Send(w.Surface, 0);
            return (w.Surface, 4);
        }),
        ["xdg_wm_base destroyed before its surfaces"] = new("destroyed before", r =>
        {
            r.Window();
            r.Send(r.WmBase, 0);
            return (r.WmBase, 1);
        }),
        ["empty geometry"] = new("geometry", r =>
        {
            var w = r.Window();
            r.Send(w.Xdg, 3, 0, 0, 0, 5);
            return (w.Xdg, 5);
        }),
        ["second role for a subsurface"] = new("already has the role", r =>
        {
            var s = r.Surface();
            var p = r.Surface();
            r.Subsurface(s, p);
            r.Send(r.WmBase, 2, r.NewId(), s);
            return (r.WmBase, 0);
        }),
        ["keyboard of a seat without one"] = new("get_keyboard", r =>
        {
            r.Send(r.Seat, 1, r.NewId());
            return (r.Seat, 0);
        }),
        ["second role as a cursor"] = new("already has the role", r =>
        {
            var w = r.Window();
            var p = r.New(r.Seat, 0);
            r.Send(p, 0, 1u, w.Surface, 0, 0);
            return (p, 0);
        }),
        ["cursor with a serial of no enter"] = new("no enter had", r =>
        {
            var s = r.Surface();
            var p = r.New(r.Seat, 0);
            r.Send(p, 0, 1u, s, 0, 0);
            return null;
        }),
        ["minimum larger than maximum"] = new("larger", r =>
        {
            var w = r.Window();
            r.Send(w.Toplevel, 7, 10, 10);
            r.Send(w.Toplevel, 8, 20, 20);
            r.Commit(w.Surface);
            return (w.Toplevel, 2);
        }),
        ["negative minimum"] = new("set_min_size", r =>
        {
            var w = r.Window();
            r.Send(w.Toplevel, 8, -1, 0);
            return (w.Toplevel, 2);
        }),
        ["window as its own parent"] = new("ancestor", r =>
        {
            var w = r.Window();
            r.Send(w.Toplevel, 1, w.Toplevel);
            return (w.Toplevel, 1);
        }),
    };
}

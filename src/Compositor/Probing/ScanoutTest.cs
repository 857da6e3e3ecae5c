using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor.Probing;

/// <summary>Runs cases, each a guest and a window of its own, one after the other on one connection (weston 16.0.0's kiosk does not survive a second client).</summary>
internal sealed class ScanoutTest(Loop loop, Host host, Requirements require, Messages messages)
{
    private readonly DrmState? _drm = DrmState.Open();

    public bool HasWitness => _drm is not null;

    /// <summary>Runs one. What the pattern cannot have here is a result, too.</summary>
    public IEnumerable<CaseResult> Run(Case @case, double seconds)
    {
        IGuest guest;
        try
        {
            guest = Sources.Open(@case.Options, loop, messages);
        }
        catch (SourceException e) when (@case.Guest is null)
        {
            return [new(@case, e.Message)];
        }
        using (guest)
        using (var trial = new Trial(loop, host, guest, @case.Options, _drm))
        {
            trial.Run(seconds);
            return [.. trial.Watches.Select(watch => Result(@case with { Name = trial.Watches.Count == 1 ? @case.Name : $"{@case.Name} {watch.Screen.Head.Name}" }, watch))];
        }
    }

    private CaseResult Result(Case @case, Watch watch)
    {
        if (@case.Cursor == CursorMode.Pointer && watch.Screen.Cursor.Plane?.Shown is null)
            return new(@case, "the host has no pointer in the window: there is no pointer image to set.");
        if (watch.Screen.Primary.Step is null && watch.Screen.Primary.Stats.Flips > 0)
            return new(@case, "the host did not answer the import in time: it is too busy.");
        var facts = PlaneFacts.Primary(host, watch, @case.Options);
        var (screen, refresh) = (watch.Screen, watch.Screen.Presentation.Vblanks.Refresh);
        var predicted = Rules.Judge(facts);
        return new(@case, null)
        {
            Predicted = predicted,
            Told = watch.Told(facts.Host),
            Witness = watch.Witnessed,
            Transport = screen.Primary.Step?.Transport,
            Format = screen.Primary.Step?.Format.ToString(),
            Modifier = screen.Primary.LastScanout?.Layout.Modifier.ToString(),
            Frames = watch.Frames,
            Numbers = new(watch.Frames, refresh),
            Refresh = refresh,
            Flips = screen.Primary.Stats,
            Resends = watch.Resends,
            // A cursor that must be composited does not fail a test of what can be scanned out.
            Unmet = predicted.Verdict == Verdict.Scanout || @case.Guest is not null ? [.. require.Unmet(screen)] : [],
        };
    }
}

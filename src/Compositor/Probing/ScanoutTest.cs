using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor.Probing;

/// <summary>
/// Runs cases one after the other, each with its own guest and window, on one connection: weston 16.0.0's kiosk shell does not
/// survive a second client.
/// </summary>
internal sealed class ScanoutTest(Loop loop, Seats seats, Requirements require, Messages messages)
{
    private readonly DrmState? _drm = DrmState.Open();

    public bool HasWitness => _drm is not null;

    /// <summary>Runs one case. The result has a problem if there is no such pattern here: its memory, size or rate.</summary>
    public IEnumerable<CaseResult> Run(Case @case, double seconds)
    {
        GuestSlot? slot = null;
        try
        {
            slot = Sources.Slot(@case.Options, loop, messages);
            slot.Open();
        }
        catch (SourceException e) when (@case.Guest is null)
        {
            slot?.Dispose();
            return [new(@case, e.Message)];
        }
        using var guest = slot;
        using var trial = new Trial(loop, seats, guest, @case.Options, _drm);
        trial.Run(seconds);
        var facts = HostFacts.Of(seats.Host);
        return [.. trial.Watches.Select(watch => ResultOf(trial.Watches.Count == 1 ? @case
            : @case with { Name = $"{@case.Name} {watch.Screen.Head.Name}" }, facts, watch))];
    }

    private CaseResult ResultOf(Case @case, HostFacts facts, Watch watch)
    {
        var head = Results.Of(watch.Screen);
        if (@case.Cursor == CursorMode.Pointer && (head.Cursor is not { IsShown: true } || !head.HasPointer))
            return new(@case, "the compositor's pointer is not in the window, so there is no pointer image to set.");
        if (head.Transport is null && head.Flips > 0)
            return new(@case, "the compositor did not answer the import in time: it is too busy.");
        var judgement = Rules.Judge(PlaneFacts.OfPrimary(facts, head, watch, @case.Options));
        var observation = watch.Observe(facts);
        head = head with { IsScannedOut = observation.Witness is { } witness ? witness == Verdict.Scanout : null };
        // --require is for what no rule is against: it does not apply to a cursor that must be composited.
        var isJudged = require.IsGiven && (judgement.Rule is null || @case.IsAlwaysJudged);
        return new CaseOutcome(@case, head, judgement, observation, watch.Frames)
        {
            FeedbackResent = watch.Resends,
            IsExempt = require.IsGiven && !isJudged,
            Unmet = isJudged ? [.. require.Unmet(head)] : [],
        };
    }
}

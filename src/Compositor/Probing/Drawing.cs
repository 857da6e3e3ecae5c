using System.Text;

namespace Guestplane.Compositor.Probing;

/// <summary>Draws inline SVG.</summary>
internal static class Drawing
{
    private const int Width = 480, BarsHeight = 120, LineWidth = 1000, Lanes = 6, LaneHeight = 16, LineFrames = 36;
    private const double NsPerMs = 1e6;

    /// <summary>Thirty bars of durations (ns; at least one) from 0 to the longest, and lines at whole refreshes.</summary>
    public static string Bars(IReadOnlyList<long> times, long refresh)
    {
        const int Bars = 30;
        var longest = Math.Max(refresh, times.Max()) + 1;
        var counts = new int[Bars];
        foreach (var time in times)
            counts[Math.Max(0, time) * Bars / longest]++;
        var most = Math.Max(1, counts.Max());
        var svg = new StringBuilder($"<svg viewBox=\"0 0 {Width} {BarsHeight + 18}\" role=\"img\">");
        for (var (edge, step) = (0L, Math.Max(refresh, longest / 8 / refresh * refresh)); edge <= longest; edge += step)
        {
            var x = (double)edge * Width / longest;
            svg.Append($"<line class=\"axis\" x1=\"{x:0.#}\" y1=\"0\" x2=\"{x:0.#}\" y2=\"{BarsHeight}\"/>")
                .Append($"<text x=\"{x:0.#}\" y=\"{BarsHeight + 13}\">{edge / NsPerMs:0.#}</text>");
        }
        for (var i = 0; i < Bars; i++)
        {
            var height = (double)counts[i] * BarsHeight / most;
            if (counts[i] > 0)
                svg.Append($"<rect class=\"bar\" x=\"{(double)i * Width / Bars + 1:0.#}\" y=\"{BarsHeight - height:0.#}\" ")
                    .Append($"width=\"{(double)Width / Bars - 2:0.#}\" height=\"{height:0.#}\">")
                    .Append($"<title>{counts[i]} frames</title></rect>");
        }
        svg.Append($"<line class=\"axis\" x1=\"0\" y1=\"{BarsHeight}\" x2=\"{Width}\" y2=\"{BarsHeight}\"/></svg>\n");
        return svg.ToString();
    }

    /// <summary>Frames from the middle of a case (at least one), each one lane below the one before it.</summary>
    public static string TimeLine(IReadOnlyList<Frame> all, long refresh)
    {
        var frames = all.Skip(Math.Max(0, all.Count / 2 - LineFrames / 2)).Take(LineFrames).ToList();
        var (from, height) = (frames.Min(frame => frame.Flipped), Lanes * LaneHeight);
        var length = Math.Max(refresh, frames.Max(End) - from);
        double X(long moment) => (double)(moment - from) * LineWidth / length;
        var svg = new StringBuilder($"<svg viewBox=\"0 0 {LineWidth} {height + 16}\" role=\"img\">");
        var vblank = frames.Find(frame => !frame.IsDiscarded).Presented;
        for (var moment = vblank - (vblank - from) / refresh * refresh; vblank > 0 && moment <= from + length; moment += refresh)
            svg.Append($"<line class=\"axis\" x1=\"{X(moment):0.#}\" y1=\"0\" x2=\"{X(moment):0.#}\" y2=\"{height}\"/>");
        for (var i = 0; i < frames.Count; i++)
            Append(svg, frames[i], i % Lanes * LaneHeight + LaneHeight / 2, X, refresh);
        return svg.Append($"<text x=\"0\" y=\"{height + 13}\">0</text><text x=\"{LineWidth}\" y=\"{height + 13}\" ")
            .Append($"text-anchor=\"end\">{length / NsPerMs:0} ms</text></svg>\n").ToString();
    }

    private static void Append(StringBuilder svg, Frame frame, int y, Func<long, double> x, long refresh)
    {
        var (flip, commit, end) = (x(frame.Flipped), x(frame.Committed), x(End(frame)));
        var answer = frame.IsDiscarded ? "discarded" : $"commit to presented {frame.CommitToPresented / NsPerMs:0.00} ms";
        svg.Append($"<g><title>flip to commit {(frame.Committed - frame.Flipped) / NsPerMs:0.00} ms, {answer}</title>")
            .Append($"<line class=\"wait\" x1=\"{flip:0.#}\" y1=\"{y}\" x2=\"{commit:0.#}\" y2=\"{y}\"/>");
        if (frame.IsDiscarded)
            svg.Append($"<path class=\"lost\" d=\"M{commit - 3:0.#} {y - 3}l6 6m0 -6l-6 6\"/></g>");
        else
            svg.Append($"<line class=\"way\" x1=\"{commit:0.#}\" y1=\"{y}\" x2=\"{end:0.#}\" y2=\"{y}\"/>")
                .Append($"<circle class=\"{Class(frame, refresh)}\" cx=\"{end:0.#}\" cy=\"{y}\" r=\"4\"/></g>");
    }

    private static string Class(Frame frame, long refresh) =>
        frame.MissedVblanks(refresh) > 0 ? "late" : frame.IsZeroCopy ? "dot" : "drawn";

    private static long End(Frame frame) => frame.IsDiscarded ? frame.Committed : frame.Presented;
}

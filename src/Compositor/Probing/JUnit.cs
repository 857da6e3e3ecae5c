using System.Text;
using System.Xml;

namespace Guestplane.Compositor.Probing;

/// <summary>Writes a scanout test as JUnit XML, which CI systems read.</summary>
internal static class JUnit
{
    private static readonly XmlWriterSettings s_settings = new()
    {
        Indent = true,
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
    };

    public static void Write(ScanoutResult result, Stream file)
    {
        using var xml = XmlWriter.Create(file, s_settings);
        xml.WriteStartElement("testsuite");
        WriteAttribute(xml, "name", $"guestplane scanout-test on {result.Host}");
        var unjudged = result.Unjudged is null ? 0 : 1;
        WriteAttribute(xml, "tests", $"{result.Cases.Count + unjudged}");
        WriteAttribute(xml, "failures", $"{result.Outcomes.Count(outcome => outcome.Failed) + unjudged}");
        WriteAttribute(xml, "skipped", $"{result.Cases.Count(one => one.Skipped is not null)}");
        foreach (var one in result.Cases)
            WriteCase(xml, one, result.SecondsPerCase);
        if (result.Unjudged is { } sentence)
        {
            WriteBeginning(xml, "require", seconds: 0);
            WriteMessage(xml, "failure", sentence);
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
    }

    private static void WriteCase(XmlWriter xml, CaseResult one, double seconds)
    {
        WriteBeginning(xml, one.Name, seconds);
        if (one.Skipped is { } why)
            WriteMessage(xml, "skipped", why);
        if (one is CaseOutcome { Failed: true } failed)
            WriteMessage(xml, "failure",
                string.Join(' ', failed.Wrong ? failed.Unmet.Append(Contradiction(failed)) : failed.Unmet));
        xml.WriteElementString("system-out", Markup.Printable(string.Join('\n', ScanoutResult.LinesOf(one))));
        xml.WriteEndElement();
    }

    private static void WriteBeginning(XmlWriter xml, string name, double seconds)
    {
        xml.WriteStartElement("testcase");
        WriteAttribute(xml, "classname", "scanout");
        WriteAttribute(xml, "name", name);
        WriteAttribute(xml, "time", $"{seconds:0.###}");
    }

    private static void WriteMessage(XmlWriter xml, string element, string message)
    {
        xml.WriteStartElement(element);
        WriteAttribute(xml, "message", message);
        xml.WriteEndElement();
    }

    private static void WriteAttribute(XmlWriter xml, string name, string value) =>
        xml.WriteAttributeString(name, Markup.Printable(value));

    private static string Contradiction(CaseOutcome outcome) => $"Predicted {outcome.Predicted}; the compositor says "
        + $"{outcome.Told ?? "nothing"}, the kernel {outcome.Witness ?? "nothing"}.";
}

namespace Guestplane.Tests.House;

/// <summary>
/// The limits that CONTRIBUTING.md gives to hand-written code. A class may have more fields or constructor parameters than that
/// if a sentence at its declaration says why: "// Fields: …." or "// Parameters: ….".
/// </summary>
public sealed class LimitTests
{
    /// <summary>What only the tests use, and one method for requests that none of our protocols has.</summary>
    private static readonly string[] s_usedElsewhere =
    [
        "src/Gvt/Pattern/BarCode.cs: BarCode.Read",
        "src/Linux/Fd.cs: Fd.Borrow",
        "src/Linux/LoopSource.cs: LoopTimer.Due",
        "src/Wayland/WlDisplay.cs: WlDisplay.Connect",
        "src/Wayland/WlProxy.cs: WlProxy.MarshalDestructingConstructor",
    ];

    private const int MaxFields = 15, MaxParameters = 5, MaxMethodLines = 40;

    [Fact]
    public void No_line_is_longer_than_130_columns() => (
        from file in Checkout.Own.Files
        from number in Enumerable.Range(1, file.Lines.Count)
        where file.Lines[number - 1].Length > Measurement.MaxColumns
        select $"{file.Path}:{number} has {file.Lines[number - 1].Length} columns").MustBeNone();

    [Fact]
    public void No_class_has_more_than_15_fields_without_a_reason() => (
        from type in Checkout.Own.Types
        where !type.IsRecord && !type.HasReasonForFields && type.Fields + type.AutoProperties > MaxFields
        select $"{type.File.Path}: {type.Name} has {type.Fields} fields and {type.AutoProperties} auto-properties").MustBeNone();

    [Fact]
    public void No_constructor_has_more_than_5_parameters_without_a_reason() => (
        from type in Checkout.Own.Types
        where !type.IsRecord
        from constructor in type.Constructors
        where !constructor.HasReason && constructor.Parameters > MaxParameters
        select $"{type.File.Path}: {type.Name} takes {constructor.Parameters}").MustBeNone();

    [Fact]
    public void No_method_has_more_than_40_lines() => (
        from file in Checkout.Own.Files
        from method in Checkout.Methods(file)
        where method.Lines > MaxMethodLines
        select $"{file.Path}: {method.Name} has {method.Lines} lines").MustBeNone();

    [Fact]
    public void Nothing_is_unused() => Checkout.Own.References.Unused().Except(s_usedElsewhere).MustBeNone();
}

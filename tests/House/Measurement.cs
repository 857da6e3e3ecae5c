using Microsoft.CodeAnalysis;

namespace Guestplane.Tests.House;

/// <summary>What <c>./test measure [CHECKOUT]</c> prints: the size and the shape of a checkout's code.</summary>
internal sealed class Measurement(Checkout checkout, TextWriter output)
{
    /// <summary>.editorconfig has it as max_line_length.</summary>
    public const int MaxColumns = 130;

    private const int Largest = 15;

    public void Print()
    {
        output.WriteLine("Hand-written C#, in lines (median · 90 % · longest):\n");
        PrintRow("room", "files", "lines", "a file", "a method", "methods", $"over {MaxColumns} columns");
        PrintRow("---", "---", "---", "---", "---", "---", "---");
        foreach (var project in Checkout.Projects)
            foreach (var room in checkout.Files.Where(file => file.Project == project).GroupBy(file => file.Room))
                PrintFiles(room.Key == project ? $"{project} (its own files)" : room.Key, room);
        foreach (var project in Checkout.Projects)
            PrintFiles($"all of {project}", checkout.Files.Where(file => file.Project == project));
        PrintFiles("all", checkout.Files);
        PrintClasses();
        PrintCircles();
        PrintRooms();
    }

    private void PrintFiles(string name, IEnumerable<SourceFile> files)
    {
        SourceFile[] all = [.. files];
        var methods = all.SelectMany(Checkout.Methods).Select(method => method.Lines).ToArray();
        if (all.Length > 0)
            PrintRow(
                name, all.Length, all.Sum(file => file.Length), Spread([.. all.Select(file => file.Length)]), Spread(methods),
                methods.Length, all.Sum(file => file.Lines.Count(line => line.Length > MaxColumns)));
    }

    private void PrintClasses()
    {
        output.WriteLine($"\nThe {Largest} largest classes. Fields: with captured constructor parameters. Arrows: the classes "
            + "that it uses, and that use it.\n");
        PrintRow("class", "lines", "parameters", "fields + auto-properties", "booleans", "events + hooks", "arrows out · in");
        PrintRow("---", "---", "---", "---", "---", "---", "---");
        foreach (var type in checkout.Types.Where(type => !type.IsRecord).OrderByDescending(type => type.Lines).Take(Largest))
            PrintRow(
                type.Name, type.Lines, type.ConstructorParameters, $"{type.Fields} + {type.AutoProperties}", type.Booleans,
                $"{type.Events} + {type.Hooks}",
                $"{checkout.References.Out(type.Symbol)} · {checkout.References.In(type.Symbol)}");
        var compositor = checkout.Types.Where(type => type.File.Project == Rooms.Project).ToList();
        var (events, hooks) = (compositor.Sum(type => type.Events), compositor.Sum(type => type.Hooks));
        output.WriteLine($"\n{Rooms.Project} in all: {events} events, {hooks} hooks.");
    }

    private void PrintCircles()
    {
        output.WriteLine("\nCircles of classes:\n");
        foreach (var project in Checkout.Projects)
        {
            var circles = checkout.References.Circles(project).ToList();
            output.WriteLine($"- {project}: {circles.Count}{string.Concat(circles.Select(circle => $" {{{circle}}}"))}");
        }
    }

    private void PrintRooms()
    {
        var rooms = Rooms.Read(checkout.Root);
        var arrows = checkout.References.BetweenRooms.Where(arrow => Rooms.IsOfProject(arrow.From)).ToList();
        output.WriteLine($"\nArrows of classes between the {rooms.Order.Count} rooms of {Rooms.Project}: {arrows.Count}, "
            + $"{arrows.Count(rooms.RunsUp)} of them up.");
        foreach (var (from, to, arrow) in arrows.Where(rooms.RunsUp))
            output.WriteLine($"- {from} → {to}: {arrow}");
    }

    private static string Spread(int[] numbers)
    {
        if (numbers.Length == 0)
            return "-";
        Array.Sort(numbers);
        return $"{numbers[numbers.Length / 2]} · {numbers[numbers.Length * 9 / 10]} · {numbers[^1]}";
    }

    private void PrintRow(params object[] cells) => output.WriteLine($"| {string.Join(" | ", cells)} |");
}

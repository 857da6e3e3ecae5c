using System.Reflection;

namespace Guestplane.Compositor;

/// <summary>The program's name and version in reports and in --version.</summary>
internal static class ProgramName
{
    public const string Name = "guestplane";

    /// <summary>"guestplane 0.1.0".</summary>
    public static string Text { get; } =
        $"{Name} "
        + typeof(ProgramName).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
}

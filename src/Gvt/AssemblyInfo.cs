using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Guestplane.Tests")]
[assembly: InternalsVisibleTo("Guestplane.Micro")]
[assembly: InternalsVisibleTo("Guestplane.SharpFuzz")]

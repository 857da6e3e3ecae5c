using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Guestplane.Tests")]

using System.Runtime.CompilerServices;

// Every struct that crosses into libwayland is blittable; nothing may be marshalled behind our back.
[assembly: DisableRuntimeMarshalling]
[assembly: InternalsVisibleTo("Guestplane.Tests")]
[assembly: InternalsVisibleTo("Guestplane.Micro")]

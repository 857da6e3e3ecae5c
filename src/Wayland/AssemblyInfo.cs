using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Every struct that is passed to libwayland is blittable, so nothing needs runtime marshalling.
[assembly: DisableRuntimeMarshalling]
// Only where the dynamic linker looks: a library beside the program is not loaded.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
[assembly: InternalsVisibleTo("Guestplane.Tests")]
[assembly: InternalsVisibleTo("Guestplane.Micro")]

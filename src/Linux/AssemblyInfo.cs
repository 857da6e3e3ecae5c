using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Only where the dynamic linker looks: a library beside the program is not loaded.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
[assembly: InternalsVisibleTo("Guestplane.Tests")]
[assembly: InternalsVisibleTo("Guestplane.Micro")]

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Guestplane.Linux;

/// <summary>libvirt's client library (libvirt-domain.h), loaded at the first call. Its calls wait for its daemon.</summary>
public static unsafe partial class Libvirt
{
    private const string Library = "libvirt.so.0";

    /// <summary>
    /// A socket to the display of a domain, by the connection that LIBVIRT_DEFAULT_URI or libvirt's own rules choose; null, with
    /// libvirt's words for why.
    /// </summary>
    /// <exception cref="DllNotFoundException">libvirt is not installed.</exception>
    public static Fd? OpenGraphics(string domain, out string? problem)
    {
        // By default it prints every error, too.
        virSetErrorFunc(null, &Ignore);
        problem = null;
        var connection = virConnectOpen(null);
        if (connection == 0)
        {
            problem = LastError();
            return null;
        }
        try
        {
            return Open(connection, domain, out problem);
        }
        finally
        {
            _ = virConnectClose(connection);
        }
    }

    private static Fd? Open(nint connection, string domain, out string? problem)
    {
        problem = null;
        nint found;
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(domain + '\0'))
            found = virDomainLookupByName(connection, name);
        var number = found == 0 ? -1 : virDomainOpenGraphicsFD(found, 0, 0);
        if (number < 0)
            problem = LastError();
        if (found != 0)
            _ = virDomainFree(found);
        return number < 0 ? null : Fd.Own(number);
    }

    private static string LastError() => Marshal.PtrToStringUTF8((nint)virGetLastErrorMessage()) ?? "no reason given";

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ignore(void* data, void* error)
    {
    }

    [LibraryImport(Library)]
    private static partial void virSetErrorFunc(void* data, delegate* unmanaged[Cdecl]<void*, void*, void> handler);

    [LibraryImport(Library)]
    private static partial nint virConnectOpen(byte* uri);

    [LibraryImport(Library)]
    private static partial int virConnectClose(nint connection);

    [LibraryImport(Library)]
    private static partial nint virDomainLookupByName(nint connection, byte* name);

    [LibraryImport(Library)]
    private static partial int virDomainOpenGraphicsFD(nint domain, uint index, uint flags);

    [LibraryImport(Library)]
    private static partial int virDomainFree(nint domain);

    [LibraryImport(Library)]
    private static partial byte* virGetLastErrorMessage();
}

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

    /// <summary>The running domains that have a D-Bus display; none where libvirt or its daemon is not there.</summary>
    public static IReadOnlyList<string> DBusDomains()
    {
        const uint Active = 1; // VIR_CONNECT_LIST_DOMAINS_ACTIVE
        var names = new List<string>();
        nint connection;
        try
        {
            virSetErrorFunc(null, &Ignore);
            connection = virConnectOpenReadOnly(null);
        }
        catch (DllNotFoundException)
        {
            return names;
        }
        if (connection == 0)
            return names;
        nint* domains;
        var count = virConnectListAllDomains(connection, &domains, Active);
        for (var i = 0; i < count; i++)
        {
            if (HasDBusDisplay(domains[i]))
                names.Add(Marshal.PtrToStringUTF8((nint)virDomainGetName(domains[i])) ?? "");
            _ = virDomainFree(domains[i]);
        }
        if (count >= 0)
            NativeMemory.Free(domains);
        _ = virConnectClose(connection);
        return names;
    }

    private static bool HasDBusDisplay(nint domain)
    {
        var xml = virDomainGetXMLDesc(domain, 0);
        var has = Marshal.PtrToStringUTF8((nint)xml)?.Contains("<graphics type='dbus'", StringComparison.Ordinal) == true;
        NativeMemory.Free(xml);
        return has;
    }

    private static Fd? Open(nint connection, string domain, out string? problem)
    {
        problem = null;
        nint found;
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(domain + '\0'))
            found = virDomainLookupByName(connection, name);
        var number = found == 0 ? -1 : virDomainOpenGraphicsFD(found, 0, 0);
        if (number < 0)
            problem = found == 0 ? LastError() : $"{LastError()} (the domain must run, and needs <graphics type='dbus' p2p='yes'/>)";
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
    private static partial nint virConnectOpenReadOnly(byte* uri);

    [LibraryImport(Library)]
    private static partial int virConnectListAllDomains(nint connection, nint** domains, uint flags);

    [LibraryImport(Library)]
    private static partial byte* virDomainGetName(nint domain);

    [LibraryImport(Library)]
    private static partial byte* virDomainGetXMLDesc(nint domain, uint flags);

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

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Guestplane.Linux;

/// <summary>
/// libvirt's client library (libvirt-domain.h), loaded at the first call. Its calls block until the daemon answers.
/// </summary>
public static unsafe partial class Libvirt
{
    private const string Library = "libvirt.so.0";

    /// <summary>
    /// Opens a socket to the display of a domain, named by its name, UUID or number (of a running one). Returns null and
    /// libvirt's own message if that fails.
    /// </summary>
    /// <param name="domain">The domain.</param>
    /// <param name="uri">The connection; null for the one that LIBVIRT_DEFAULT_URI or libvirt's defaults choose.</param>
    /// <param name="problem">A clause.</param>
    /// <exception cref="DllNotFoundException">libvirt is not installed.</exception>
    public static Fd? OpenGraphics(string domain, string? uri, out string? problem)
    {
        if (ProcessRights.AreElevated)
        {
            problem = "libvirt is not loaded by a program with file capabilities";
            return null;
        }
        // libvirt also prints every error unless a handler is set.
        virSetErrorFunc(null, &Ignore);
        problem = null;
        nint connection;
        fixed (byte* text = Utf8(uri))
            connection = virConnectOpen(text);
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

    /// <summary>The running domains that have a D-Bus display; empty if libvirt or its daemon is not there.</summary>
    /// <param name="uri">The connection; null for libvirt's default.</param>
    /// <param name="problem">A clause: why it cannot be asked; null if it was.</param>
    public static IReadOnlyList<string> DBusDomains(string? uri, out string? problem)
    {
        problem = null;
        const uint Active = 1; // VIR_CONNECT_LIST_DOMAINS_ACTIVE
        var names = new List<string>();
        if (ProcessRights.AreElevated)
        {
            problem = "guestplane has raised rights";
            return names;
        }
        nint connection;
        try
        {
            virSetErrorFunc(null, &Ignore);
            fixed (byte* text = Utf8(uri))
                connection = virConnectOpenReadOnly(text);
        }
        catch (DllNotFoundException)
        {
            problem = "libvirt is not installed";
            return names;
        }
        problem = connection == 0 ? LastError() : null;
        if (connection == 0)
            return names;
        nint* domains;
        var count = virConnectListAllDomains(connection, &domains, Active);
        for (var i = 0; i < count; i++)
        {
            if (DBusDisplay(domains[i]) >= 0)
                names.Add(Marshal.PtrToStringUTF8((nint)virDomainGetName(domains[i])) ?? "");
            _ = virDomainFree(domains[i]);
        }
        if (count >= 0)
            NativeMemory.Free(domains);
        _ = virConnectClose(connection);
        return names;
    }

    /// <summary>The place of the D-Bus display among the domain's displays; -1 if it has none.</summary>
    private static int DBusDisplay(nint domain)
    {
        var xml = virDomainGetXMLDesc(domain, 0);
        string[] displays = (Marshal.PtrToStringUTF8((nint)xml) ?? "").Split("<graphics type='");
        NativeMemory.Free(xml);
        // The first part is what stands before all displays.
        return Array.FindIndex(displays[1..], display => display.StartsWith("dbus'", StringComparison.Ordinal));
    }

    private static Fd? Open(nint connection, string domain, out string? problem)
    {
        problem = null;
        var found = Find(connection, domain);
        var display = found == 0 ? -1 : DBusDisplay(found);
        var number = display < 0 ? -1 : virDomainOpenGraphicsFD(found, (uint)display, 0);
        if (number < 0)
            problem = found == 0
                ? $"{LastError()}{OtherConnection(connection)}"
                : $"{(display < 0 ? "it has no D-Bus display" : LastError())} "
                    + "(the domain must run, and needs <graphics type='dbus' p2p='yes'/>)";
        if (found != 0)
            _ = virDomainFree(found);
        return number < 0 ? null : Fd.Own(number);
    }

    /// <summary>By name first: a domain may be called like a number.</summary>
    private static nint Find(nint connection, string domain)
    {
        nint found;
        fixed (byte* text = Utf8(domain))
        {
            if (int.TryParse(domain, out var id) || Guid.TryParse(domain, out _))
            {
                found = virDomainLookupByName(connection, text);
                if (found == 0)
                    found = id > 0 ? virDomainLookupByID(connection, id) : virDomainLookupByUUIDString(connection, text);
                if (found != 0)
                    return found;
            }
            // Last, for its error.
            return virDomainLookupByName(connection, text);
        }
    }

    /// <summary>A user's domains and the machine's are on different connections; the default is the user's.</summary>
    private static string OtherConnection(nint connection)
    {
        var uri = virConnectGetURI(connection);
        var text = Marshal.PtrToStringUTF8((nint)uri) ?? "";
        NativeMemory.Free(uri);
        var other = text.Contains("/session", StringComparison.Ordinal) ? "qemu:///system" : "qemu:///session";
        return $" on {text}; if it is one of {other}, add --connect {other}";
    }

    private static byte[]? Utf8(string? text) => text is null ? null : System.Text.Encoding.UTF8.GetBytes(text + '\0');

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
    private static partial nint virDomainLookupByID(nint connection, int id);

    [LibraryImport(Library)]
    private static partial nint virDomainLookupByUUIDString(nint connection, byte* uuid);

    [LibraryImport(Library)]
    private static partial byte* virConnectGetURI(nint connection);

    [LibraryImport(Library)]
    private static partial int virDomainOpenGraphicsFD(nint domain, uint index, uint flags);

    [LibraryImport(Library)]
    private static partial int virDomainFree(nint domain);

    [LibraryImport(Library)]
    private static partial byte* virGetLastErrorMessage();
}

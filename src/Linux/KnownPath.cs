using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A path that is checked often; the check allocates nothing.</summary>
public sealed class KnownPath(string path)
{
    private readonly byte[] _name = System.Text.Encoding.UTF8.GetBytes(path + '\0');

    /// <summary>True if there is no such file now (access(2), F_OK). One that may not be seen counts as there.</summary>
    public unsafe bool IsGone
    {
        get
        {
            fixed (byte* name = _name)
                return LibC.access(name, LibC.F_OK) != 0 && LibC.errno == LibC.ENOENT;
        }
    }
}

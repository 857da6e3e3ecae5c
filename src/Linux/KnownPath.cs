using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A path that is checked often; the check allocates nothing.</summary>
public sealed class KnownPath(string path)
{
    private readonly byte[] _name = System.Text.Encoding.UTF8.GetBytes(path + '\0');

    /// <summary>True if the file exists now (access(2), F_OK).</summary>
    public unsafe bool Exists
    {
        get
        {
            fixed (byte* name = _name)
                return LibC.access(name, LibC.F_OK) == 0;
        }
    }
}

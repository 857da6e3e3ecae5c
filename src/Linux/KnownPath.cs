using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A path that is looked at again and again, without an allocation each time.</summary>
public sealed class KnownPath(string path)
{
    private readonly byte[] _name = System.Text.Encoding.UTF8.GetBytes(path + '\0');

    /// <summary>Whether something is there now (access(2), F_OK).</summary>
    public unsafe bool Exists
    {
        get
        {
            fixed (byte* name = _name)
                return LibC.access(name, LibC.F_OK) == 0;
        }
    }
}

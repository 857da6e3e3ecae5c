namespace Guestplane.Gvt;

/// <summary>How the planes of a VM's vGPU come to us.</summary>
public enum PlanesWay
{
    /// <summary>Directly if that works, else by QEMU.</summary>
    Auto,

    /// <summary>By QEMU, which asks the vGPU every 30 ms.</summary>
    Qemu,

    /// <summary>Directly from the vGPU.</summary>
    Vfio,
}

/// <summary>The way that the planes come, and why: a clause.</summary>
public sealed record PlanesChoice(PlanesWay Way, string Reason);

namespace Guestplane.Tests.Rig;

/// <summary>
/// One boot at a time, and alone: an emulated machine needs all of this one to keep up with 60 Hz. Two at once take as long as one
/// after the other, because each uses both processors.
/// </summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class RigCollection;

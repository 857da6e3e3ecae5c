namespace Guestplane.Tests.Rig;

/// <summary>One boot at a time, and alone: an emulated machine needs all of this one to keep up with 60 Hz.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class RigCollection;

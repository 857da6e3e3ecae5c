namespace Guestplane.Tests.Fakes;

internal sealed class HostSurface : HostObject
{
    private const uint InvalidScale = 0;
    private const uint InvalidTransform = 1;
    private const uint InvalidSize = 2;
    private const uint InvalidOffset = 3;
    private const uint DefunctRoleObject = 4;

    private readonly List<HostObject> _frames = [];
    private readonly List<HostPresentationFeedback> _feedbacks = [];

    /// <summary>Of the last vblank, to be answered at the next.</summary>
    private readonly List<HostPresentationFeedback> _late = [];

    /// <summary>Of commits that the output rejected. wlroots reports them with what its output shows after that.</summary>
    private readonly List<HostPresentationFeedback> _rejected = [];
    private readonly List<HostPresentationFeedback> _lost = [];
    private bool _isRejectedDue;
    private HostWlBuffer? _latched;

    public HostSurface(HostClient client, InterfaceModel model, uint id, int version)
        : base(client, model, id, version) => Current = SurfaceState.Initial(this);

    /// <summary>Kept after the role object is destroyed: a surface never changes its role.</summary>
    public string? Role { get; set; }

    public HostRole? RoleObject { get; set; }

    public HostViewport? Viewport { get; set; }

    public HostColorSurface? ColorObject { get; set; }

    public HostColorManagedSurface? ColorManaged { get; set; }

    public HostPointer? CursorOf { get; set; }

    public SurfaceState Pending { get; private set; } = new();

    public SurfaceState? Cached { get; private set; }

    public SurfaceState Current { get; }

    public int Commits { get; private set; }

    public bool IsOnOutput { get; private set; }

    /// <summary>The buffer of the last vblank; the applied buffer is in <see cref="Current"/>.</summary>
    public HostWlBuffer? Latched => _latched;

    public HostWlBuffer? Buffer => Current.Buffer!.Value.Value;

    public bool HasContent => Buffer is not null || Pending.Buffer is { Value: not null };

    public bool IsMapped => Buffer is not null && (RoleObject?.IsMapped ?? CursorOf is not null);

    /// <summary>True if nobody sees the window that this is a part of.</summary>
    private bool IsHidden => RoleObject switch
    {
        HostSubsurface { Parent: { } parent } => parent.IsHidden,
        HostXdgSurface { Toplevel.IsHidden: var isHidden } => isHidden,
        _ => false,
    };

    private bool IsUnreadable => Host.Faults.Unreadable != UnreadableDmabufs.None && Buffer is { Storage.Kind: "dmabuf" };

    private bool IsSync => RoleObject is HostSubsurface { IsEffectivelySync: true };

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "attach": Attach(request); break;
            case "frame": Pending.Frames.Add(request.New<HostObject>("callback")); break;
            case "set_opaque_region": Pending.Opaque = new(request.Nullable<HostRegion>("region")?.Snapshot()); break;
            case "set_input_region": Pending.Input = new(request.Nullable<HostRegion>("region")?.Snapshot()); break;
            case "set_buffer_transform": SetTransform(request.Int("transform")); break;
            case "set_buffer_scale": SetScale(request.Int("scale")); break;
            case "commit": Commit(); break;
            case "destroy" when RoleObject is not null:
                throw Fault(DefunctRoleObject, $"destroyed before its role object {RoleObject}");
        }
    }

    /// <summary>Applies the cached state of a sync subsurface, after its parent's state was applied.</summary>
    public void ApplyCached()
    {
        if (Cached is not { } cached)
            return;
        Cached = null;
        Apply(cached);
    }

    /// <summary>Shows the applied state on the output.</summary>
    public void Latch(HostVblank vblank)
    {
        if (_latched != Buffer)
        {
            Buffer?.Hold();
            _latched?.Drop();
            _latched = Buffer;
        }
        if (IsMapped != IsOnOutput)
            ChangeOutput();
        AnswerRejected(vblank);
        if (Host.Faults.NeverFrame || !IsMapped || IsHidden)
            return;
        if (Host.Faults.LosesCallbacks)
            _frames.Clear();
        foreach (var frame in _frames)
        {
            Client.Send(frame, "done", vblank.Milliseconds);
            Client.Remove(frame);
        }
        _frames.Clear();
        if (Host.Faults.NeverAnswer)
            return;
        PresentTaken(vblank);
        if (Host.Faults.PresentsLater)
            _late.AddRange(_feedbacks);
        else
            foreach (var feedback in _feedbacks)
                Answer(feedback, vblank);
        _feedbacks.Clear();
    }

    /// <summary>Answers what was taken at the last vblank.</summary>
    public void PresentTaken(HostVblank vblank)
    {
        foreach (var feedback in _late)
            Answer(feedback, vblank);
        _late.Clear();
    }

    protected override void Freed()
    {
        foreach (var frame in _frames.Concat(Pending.Frames).Concat(Cached?.Frames ?? []))
            Client.Remove(frame);
        foreach (var feedback in _feedbacks.Concat(_late).Concat(_rejected).Concat(_lost).Concat(Pending.Feedbacks).Concat(Cached?.Feedbacks ?? []))
            feedback.Discard();
        foreach (var child in Current.Stack!.Concat(Pending.Stack ?? []).Concat(Cached?.Stack ?? []))
            (child.RoleObject as HostSubsurface)?.ParentGone(this);
        Cached?.Buffer?.Value?.Drop();
        Buffer?.Drop();
        _latched?.Drop();
        Viewport?.SurfaceGone();
        ColorObject?.SurfaceGone();
        ColorManaged?.SurfaceGone();
    }

    private void Answer(HostPresentationFeedback feedback, HostVblank vblank)
    {
        if (Buffer is { Storage.Kind: "single-pixel" } && Host.Faults.LosesNext())
            _lost.Add(feedback);
        else if (!IsUnreadable)
            feedback.Present(vblank);
        else if (Host.Faults.Unreadable == UnreadableDmabufs.Discarded)
            feedback.Discard();
        else
            _rejected.Add(feedback);
    }

    /// <summary>The event comes at the vblank after the one that shows something else, whatever is committed in between.</summary>
    private void AnswerRejected(HostVblank vblank)
    {
        if (_isRejectedDue)
        {
            foreach (var feedback in _rejected)
                feedback.Present(vblank);
            _rejected.Clear();
        }
        _isRejectedDue = !IsUnreadable && _rejected.Count > 0;
    }

    private void Attach(Request request)
    {
        var (x, y) = (request.Int("x"), request.Int("y"));
        if (Version >= 5 && (x != 0 || y != 0))
            throw Fault(InvalidOffset, $"attach at {x},{y}: version 5 has a request for that");
        Pending.Buffer = new(request.Nullable<HostWlBuffer>("buffer"));
    }

    private void SetTransform(int transform)
    {
        if (transform is < 0 or > 7)
            throw Fault(InvalidTransform, $"buffer transform {transform}");
        Pending.Transform = transform;
    }

    private void SetScale(int scale)
    {
        if (scale <= 0)
            throw Fault(InvalidScale, $"buffer scale {scale}");
        Pending.Scale = scale;
    }

    private void Commit()
    {
        Commits++;
        if (Pending.Buffer is { Value.Destroyed: true })
        {
            Host.Violate($"{this}.commit: {Pending.Buffer.Value.Value} was destroyed after its attach");
            Pending.Buffer = new(null);
        }
        var next = SurfaceState.Preview(Current, Cached, Pending);
        if (Pending.Buffer is { Value: { } buffer })
            buffer.CheckBacking();
        CheckSize(next);
        Viewport?.Committing(next);
        ColorObject?.Committing(next);
        RoleObject?.Committing(next);
        Store();
        Host.Committed(this);
    }

    private void Store()
    {
        var state = Pending;
        Pending = new SurfaceState();
        state.Buffer?.Value?.Hold();
        if (Cached is null && !IsSync)
        {
            Apply(state);
            return;
        }
        Cached ??= new SurfaceState();
        state.MoveOver(Cached);
        if (!IsSync)
            ApplyCached();
    }

    private void Apply(SurfaceState state)
    {
        if (!Host.Faults.NeverAnswer)
        {
            foreach (var feedback in _feedbacks)
                feedback.Discard();
            _feedbacks.Clear();
        }
        state.MoveOver(Current);
        _frames.AddRange(Current.Frames);
        _feedbacks.AddRange(Current.Feedbacks);
        Current.Frames.Clear();
        Current.Feedbacks.Clear();
        foreach (var (subsurface, position) in Current.Positions)
            subsurface.Position = position;
        Current.Positions.Clear();
        RoleObject?.Applied();
        foreach (var child in Current.Stack!.Where(child => child != this).ToList())
            if (child.IsSync)
                child.ApplyCached();
    }

    private void CheckSize(SurfaceState next)
    {
        var scale = next.Scale!.Value;
        if (next.Buffer!.Value.Value is not { } buffer || next.Source!.Value.Value is not null)
            return;
        if (buffer.Width % scale != 0 || buffer.Height % scale != 0)
            throw Fault(InvalidSize, $"buffer of {buffer.Width}x{buffer.Height} with scale {scale}");
    }

    private void ChangeOutput()
    {
        IsOnOutput = IsMapped;
        foreach (var output in Client.All<HostOutput>())
            Send(IsOnOutput ? "enter" : "leave", output);
        if (!IsOnOutput || Version < 6)
            return;
        Send("preferred_buffer_scale", 1);
        Send("preferred_buffer_transform", 0u);
    }
}

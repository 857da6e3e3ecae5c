using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>
/// The calls of the planes interface to one client (protocols/dbus/org.guestplane.Display1.xml): each dma-buf is sent once, and
/// then only its id.
/// </summary>
/// <remarks>Its methods throw a <see cref="BusException"/> if the connection has ended or descriptors run out.</remarks>
internal sealed class PlaneCalls(Bus bus) : IDisposable
{
    private static readonly byte[] s_path = Bus.ZeroEnded(QemuListener.Path);

    private readonly Dictionary<Scanout, Registered> _registered = [];
    private readonly ulong[] _shown = new ulong[3];
    private ulong _lastId, _flips;

    private static ReadOnlySpan<byte> Name => "org.guestplane.Display1.Listener.Planes"u8;

    /// <summary>True while the client polls: flips are added to the answer to its next poll, and are no calls.</summary>
    public bool AreInAnswers { get; set; }

    /// <summary>Sends a dma-buf, and its description. False if the client has it already: nothing is sent then.</summary>
    public bool Register(Scanout scanout, BusAnswer answer)
    {
        if (_registered.ContainsKey(scanout))
            return false;
        if (_registered.Count == PlanesInterface.MostBuffers)
            Forget(Oldest());
        var (layout, id) = (scanout.Layout, ++_lastId);
        var call = Begin("Register"u8).Add(id);
        try
        {
            call.Open('a', "h"u8);
            for (var i = 0; i < scanout.MemoryCount; i++)
                call.Add(scanout.Memory(i));
            call.Close().Add(layout.Width).Add(layout.Height).Open('a', "u"u8);
            foreach (var plane in layout.Planes)
                call.Add(plane.Offset);
            call.Close().Open('a', "u"u8);
            foreach (var plane in layout.Planes)
                call.Add(plane.Stride);
            call.Close().Add(layout.Format.Code).Add(layout.Modifier.Value).Open('a', "{sv}"u8);
            if (scanout.Gpu is { } gpu)
                call.AddEntry(PlanesInterface.Gpu, gpu);
            call.Close();
        }
        catch
        {
            call.Dispose();
            throw;
        }
        call.Send(answer, LoopSource.Never);
        _registered.Add(scanout, new(id));
        scanout.Retired += Forget;
        return true;
    }

    /// <summary>Sends what a plane shows now: a registered dma-buf, or that it is off.</summary>
    /// <param name="flip">Its damage is what differs from the flip that was sent before.</param>
    /// <param name="serial">Counts the flips of the plane, also those that were not sent.</param>
    public void Flip(in Flip flip, ulong serial, BusAnswer answer)
    {
        var call = Begin("Flip"u8);
        Write(call, flip, serial);
        call.Send(answer, LoopSource.Never);
    }

    /// <summary>Adds what a plane shows now to the answer to a poll.</summary>
    /// <inheritdoc cref="Flip"/>
    public void Add(BusCall poll, in Flip flip, ulong serial)
    {
        poll.Open('r', PlanesInterface.Flip);
        Write(poll, flip, serial);
        poll.Close();
    }

    private void Write(BusCall call, in Flip flip, ulong serial)
    {
        var (id, crop, damage) = (0ul, flip.Crop, flip.Damage);
        if (flip.Scanout is { } scanout)
        {
            var registered = _registered[scanout];
            (id, registered.Used) = (registered.Id, ++_flips);
        }
        _shown[(int)flip.Plane] = id;
        var flags = (flip.Changed ? PlanesInterface.IsChanged : 0) | (flip.IsBottomUp ? PlanesInterface.IsBottomUp : 0);
        call.Add((uint)flip.Plane).Add(id)
            .Add(flip.Position.X).Add(flip.Position.Y).Add(flip.Hotspot.X).Add(flip.Hotspot.Y)
            .Add((uint)crop.X).Add((uint)crop.Y).Add((uint)crop.Width).Add((uint)crop.Height).Add(flags).Open('a', "(iiii)"u8);
        if (!damage.IsEmpty)
            call.Open('r', "iiii"u8).Add(damage.X).Add(damage.Y).Add(damage.Width).Add(damage.Height).Close();
        call.Close().Add((ulong)flip.Time).Add(serial);
    }

    /// <summary>Forgets all dma-bufs without a word: the client does not take the interface, or has gone.</summary>
    public void Dispose()
    {
        foreach (var scanout in _registered.Keys)
            scanout.Retired -= Forget;
        _registered.Clear();
    }

    private void Forget(Scanout scanout)
    {
        scanout.Retired -= Forget;
        if (!_registered.Remove(scanout, out var registered))
            return;
        try
        {
            Begin("Forget"u8).Add(registered.Id).Send();
        }
        catch (BusException)
        {
            // The connection has ended, which Bus.Closed reports.
        }
    }

    private Scanout Oldest() =>
        _registered.Where(one => !_shown.Contains(one.Value.Id)).MinBy(one => one.Value.Used).Key;

    private BusCall Begin(ReadOnlySpan<byte> member) => bus.Call([], s_path, Name, member);

    private sealed class Registered(ulong id)
    {
        public ulong Id => id;

        /// <summary>The number of the last flip that showed it.</summary>
        public ulong Used { get; set; }
    }
}

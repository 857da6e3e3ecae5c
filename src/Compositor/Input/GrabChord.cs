using System.Numerics;

namespace Guestplane.Compositor;

/// <summary>Modifiers such as Ctrl+Alt, pressed and released without anything else in between.</summary>
internal sealed class GrabChord
{
    private readonly HashSet<uint> _held = [];
    private bool _isAlone;

    /// <summary>True if this release completes the chord.</summary>
    /// <param name="code">The key.</param>
    /// <param name="pressed">False for a release.</param>
    /// <param name="chord">One with a key is no chord, nor is null.</param>
    public bool Key(uint code, bool pressed, KeyCombination? chord)
    {
        var wanted = chord is { IsModifiersOnly: true } modifiers ? modifiers.Modifiers : 0;
        var isPart = (MaskOf(code) & wanted) != 0;
        if (pressed)
        {
            _held.Add(code);
            var held = 0u;
            foreach (var key in _held)
                held |= MaskOf(key);
            _isAlone = isPart && held == wanted && _held.Count == BitOperations.PopCount(wanted);
            return false;
        }
        var isComplete = _held.Remove(code) && _isAlone && isPart;
        _isAlone = false;
        return isComplete;
    }

    /// <summary>AltGr counts as Alt here, as its key is the right Alt.</summary>
    private static uint MaskOf(uint code) =>
        ModifierKeys.MaskOf(code) is var mask && mask == ModifierKeys.AltGr ? ModifierKeys.Alt : mask;

    /// <summary>Something else was used meanwhile: a button, a wheel, a finger or a pen.</summary>
    public void Spoil() => _isAlone = false;

    /// <summary>The keyboard has left: the releases do not come.</summary>
    public void Clear()
    {
        _held.Clear();
        _isAlone = false;
    }
}

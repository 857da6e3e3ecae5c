using System.Text;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;
using Guestplane.Gvt.Qemu;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using SharpFuzz;

// The pure decoders, for AFL: the first letter of an input says which one, and the rest is its input. What a decoder may throw is
// what the program has a sentence for; anything else is a crash. ./run has the commands.
var folder = Directory.CreateTempSubdirectory("guestplane-sharpfuzz-").FullName;
Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", folder);
using var loop = new Loop();

if (args is [var input])
    Decode(File.ReadAllBytes(input));
else
    Fuzzer.OutOfProcess.Run(stream =>
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        Decode(memory.ToArray());
    });

void Decode(byte[] bytes)
{
    if (bytes.Length == 0)
        return;
    var text = Encoding.UTF8.GetString(bytes.AsSpan(1));
    try
    {
        switch ((char)bytes[0])
        {
            case 'e':
                _ = Edid.Parse(text);
                break;
            case 'p':
                _ = PatternOptions.Parse(text);
                break;
            case 'q':
                _ = QemuSource.Parse($"qemu:{text}", null);
                break;
            case 'l':
                _ = QemuSource.Parse($"libvirt:{text}", null);
                break;
            case 'k':
                _ = KeyBindings.Parse(text, out _);
                break;
            case 'r':
                _ = Requirements.Parse(text);
                break;
            case 'f':
                File.WriteAllBytes(Path.Combine(folder, "guestplane.conf"), bytes[1..]);
                _ = ConfigFile.Read();
                break;
            case 'v':
                ReadCommandLine(text.Split('\n'));
                break;
            case 'm':
                Talk(bytes[1..]);
                break;
        }
    }
    catch (Exception e) when (e is SourceException or ExitException)
    {
        // Refused, with a sentence.
    }
}

static void ReadCommandLine(string[] arguments)
{
    var line = new QemuCommandLine(1, arguments);
    _ = (line.IsLibvirt, line.Name, line.Uuid, line.HasPeerDisplay, line.BusAddress, line.QmpPath, line.InputWords);
    _ = line.VfioDisplays("VGA");
}

// A program behind a QMP socket says this and hangs up.
void Talk(byte[] says)
{
    var (ours, theirs) = UnixSocket.Pair();
    var isOver = false;
    if (says.Length > 0)
        UnixSocket.Send(theirs, says);
    theirs.Dispose();
    using var qmp = new Qmp(loop, ours, (display, _) =>
    {
        display?.Dispose();
        isOver = true;
    });
    for (var turns = 0; !isOver; turns++)
    {
        loop.Turn(1_000_000);
        if (turns > 1000)
            throw new InvalidDataException("The connection has ended, and nobody is told.");
    }
}

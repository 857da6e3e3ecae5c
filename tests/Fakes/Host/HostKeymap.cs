using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Tests.Fakes;

/// <summary>
/// Keymaps as compositors send them: whole, compiled and written again by libxkbcommon, with a NUL at the end. Each is compiled
/// once.
/// </summary>
public static class HostKeymap
{
    private const int TextV1 = 1;

    private static readonly nint s_library = NativeLibrary.Load("libxkbcommon.so.0");
    private static readonly nint s_context = Load<NewContext>("xkb_context_new")(0);
    private static readonly Dictionary<string, byte[]> s_texts = [];

    private delegate nint NewContext(int flags);

    private delegate nint NewFromNames(nint context, ref RuleNames names, int flags);

    private delegate nint NewFromString(nint context, [MarshalAs(UnmanagedType.LPUTF8Str)] string text, int format, int flags);

    private delegate nint GetText(nint keymap, int format);

    private delegate void Unref(nint keymap);

    /// <summary>A physical keyboard's, with the kernel's codes: "us", "de", "jp".</summary>
    public static byte[] OfLayout(string layout) => Text($"layout {layout}", () =>
    {
        var names = new RuleNames { Rules = "evdev", Model = "pc105", Layout = layout, Variant = "", Options = "" };
        return Load<NewFromNames>("xkb_keymap_new_from_names")(s_context, ref names, 0);
    });

    /// <summary>
    /// A virtual keyboard's: the key with the code 1 has the first symbols, the one with the code 2 the next, as wtype and squeekboard
    /// make them. A key's symbols, one for each level, are separated by commas.
    /// </summary>
    public static byte[] Of(params string[] symbols)
    {
        var keymap = new StringBuilder("xkb_keymap {\n xkb_keycodes { minimum = 8; maximum = 255;\n");
        for (var i = 0; i < symbols.Length; i++)
            keymap.AppendLine($"  <K{i + 1}> = {i + 9};");
        keymap.AppendLine(" };\n xkb_types { include \"complete\" };\n xkb_compat { include \"complete\" };\n xkb_symbols {");
        for (var i = 0; i < symbols.Length; i++)
            keymap.AppendLine($"  key <K{i + 1}> {{ [{symbols[i]}] }};");
        keymap.AppendLine(" };\n};");
        return Text(keymap.ToString(), () => Load<NewFromString>("xkb_keymap_new_from_string")(s_context, keymap.ToString(), TextV1, 0));
    }

    private static byte[] Text(string name, Func<nint> compile)
    {
        lock (s_texts)
        {
            if (s_texts.TryGetValue(name, out var text))
                return text;
            var keymap = compile();
            if (keymap == 0)
                throw new ArgumentException($"libxkbcommon takes no keymap {name}");
            var written = Load<GetText>("xkb_keymap_get_as_string")(keymap, TextV1);
            Load<Unref>("xkb_keymap_unref")(keymap);
            text = Encoding.UTF8.GetBytes(Marshal.PtrToStringUTF8(written) + '\0');
            Marshal.FreeHGlobal(written);
            return s_texts[name] = text;
        }
    }

    private static T Load<T>(string function)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(s_library, function));

    [StructLayout(LayoutKind.Sequential)]
    private struct RuleNames
    {
        [MarshalAs(UnmanagedType.LPUTF8Str)]
        public string Rules, Model, Layout, Variant, Options;
    }
}

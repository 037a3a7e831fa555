using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Makes keys of the bytes that a terminal sends, however they are cut into pieces.</summary>
/// <param name="isCooked">The terminal edits lines itself: a line feed is Enter.</param>
internal sealed class KeyDecoder(bool isCooked = false)
{
    private const int LongestReport = 256;
    private const byte Escape = 0x1b;

    private readonly List<byte> bytes = [];
    private int searched;

    /// <summary>Something has begun that may or may not go on: an escape alone is a key, with more it begins a sequence.</summary>
    public bool IsOpen => bytes.Count > 0;

    private ReadOnlySpan<byte> Pending => CollectionsMarshal.AsSpan(bytes);

    /// <param name="isComplete">Nothing more will come at once: an escape that stands alone is the key.</param>
    public IReadOnlyList<Key> Decode(ReadOnlySpan<byte> more, bool isComplete)
    {
        bytes.AddRange(more);
        var keys = new List<Key>();
        var text = new StringBuilder();

        while (bytes.Count > 0 && Next(isComplete) is { } key)
        {
            if (key.Kind == KeyKind.Text)
            {
                text.Append(key.Text);
                continue;
            }

            Flush();
            keys.Add(key);
        }

        Flush();
        return keys;

        void Flush()
        {
            if (text.Length > 0)
            {
                keys.Add(new Key(KeyKind.Text, text.ToString()));
                text.Clear();
            }
        }
    }

    private Key? Next(bool isComplete)
    {
        var first = bytes[0];

        if (first == Escape)
        {
            return Sequence(isComplete);
        }

        if (first == 24)
        {
            // Ctrl-X Ctrl-E, as shells have it.
            return bytes.Count == 1 ? isComplete ? Take(1, KeyKind.Unknown) : null : bytes[1] == 5 ? Take(2, KeyKind.Editor) : Take(1, KeyKind.Unknown);
        }

        if (first < 0x20 || first == 0x7f)
        {
            return Take(1, first == 10 && isCooked ? KeyKind.Enter : Control(first));
        }

        var status = Rune.DecodeFromUtf8(Pending, out var rune, out var length);
        return status == OperationStatus.NeedMoreData && !isComplete ? null : Take(length, KeyKind.Text, rune.ToString());
    }

    private static KeyKind Control(int code) => code switch
    {
        1 => KeyKind.Home, 2 => KeyKind.Left, 3 => KeyKind.Interrupt, 4 => KeyKind.EndOfInput, 5 => KeyKind.End, 6 => KeyKind.Right, 7 => KeyKind.Editor,
        8 or 127 => KeyKind.Backspace, 9 => KeyKind.Tab, 10 => KeyKind.NewLine, 11 => KeyKind.DeleteToEnd, 12 => KeyKind.Redraw, 13 => KeyKind.Enter,
        14 => KeyKind.Down, 15 => KeyKind.Expand, 16 => KeyKind.Up, 18 => KeyKind.Search, 21 => KeyKind.DeleteToStart, 23 => KeyKind.DeleteWord,
        25 => KeyKind.Yank, 26 => KeyKind.Suspend, 27 => KeyKind.Escape, _ => KeyKind.Unknown,
    };

    private Key? Sequence(bool isComplete)
    {
        var pending = Pending;

        if (pending.StartsWith("\e[200~"u8))
        {
            return Paste();
        }

        if (pending.Length == 1)
        {
            return isComplete ? Take(1, KeyKind.Escape) : null;
        }

        if (pending[1] == ']' && (pending.Length > 2 || !isComplete))
        {
            return Report();
        }

        if (pending[1] is not ((byte)'[' or (byte)'O'))
        {
            return (char)pending[1] switch
            {
                '\r' or '\n' => Take(2, KeyKind.NewLine),
                'b' => Take(2, KeyKind.WordLeft),
                'f' => Take(2, KeyKind.WordRight),
                '\x7f' or '\b' => Take(2, KeyKind.DeleteWord),
                _ => Take(1, KeyKind.Escape),
            };
        }

        var last = pending[2..].IndexOfAnyExceptInRange((byte)'0', (byte)'?'); // digits, and : ; < = > ?

        if (last < 0)
        {
            return isComplete ? Take(pending.Length, KeyKind.Unknown) : null;
        }

        var sequence = Encoding.Latin1.GetString(pending.Slice(2, last + 1));
        return Take(last + 3, Named(sequence), sequence);
    }

    private static KeyKind Named(string sequence) => sequence switch
    {
        "A" => KeyKind.Up, "B" => KeyKind.Down, "C" => KeyKind.Right, "D" => KeyKind.Left, "H" or "1~" or "7~" => KeyKind.Home, "F" or "4~" or "8~" => KeyKind.End,
        "3~" => KeyKind.Delete, "Z" => KeyKind.NextMode, "1;5C" or "1;3C" => KeyKind.WordRight, "1;5D" or "1;3D" => KeyKind.WordLeft, "3;5~" or "3;3~" => KeyKind.DeleteToEnd,
        "I" => KeyKind.FocusIn, "O" => KeyKind.FocusOut,
        [.., 'u'] => Unicode(sequence[..^1].Split(';'), 0, 1),
        ['2', '7', ';', .., '~'] => Unicode(sequence[..^1].Split(';'), 2, 1),
        [.., 'n' or 'c' or 'y'] => KeyKind.Report,
        _ => KeyKind.Unknown,
    };

    /// <summary>Keys as terminals with an extended protocol name them: a character and what was held down.</summary>
    private static KeyKind Unicode(string[] parts, int code, int held)
    {
        if (parts.Length <= code || !int.TryParse(parts[code].Split(':')[0], CultureInfo.InvariantCulture, out var character))
        {
            return KeyKind.Unknown;
        }

        var modifiers = parts.Length > held && int.TryParse(parts[held].Split(':')[0], CultureInfo.InvariantCulture, out var m) ? m - 1 : 0;
        var (shift, alt, control) = ((modifiers & 1) != 0, (modifiers & 2) != 0, (modifiers & 4) != 0);

        return character switch
        {
            13 => shift || alt || control ? KeyKind.NewLine : KeyKind.Enter,
            9 => shift ? KeyKind.NextMode : KeyKind.Tab,
            127 or 8 => alt || control ? KeyKind.DeleteWord : KeyKind.Backspace,
            >= 'a' and <= 'z' when control => Control(character - 'a' + 1),
            'b' when alt => KeyKind.WordLeft,
            'f' when alt => KeyKind.WordRight,
            27 => KeyKind.Escape,
            _ => KeyKind.Unknown,
        };
    }

    private Key? Paste()
    {
        // From where the last search ended: a long paste comes in many pieces.
        var from = Math.Max(6, searched);
        var end = Pending[from..].IndexOf("\e[201~"u8);

        if (end < 0)
        {
            searched = Math.Max(6, bytes.Count - 5);
            return null;
        }

        searched = 0;
        var text = Encoding.UTF8.GetString(Pending[6..(from + end)]).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return Take(from + end + 6, KeyKind.Paste, text);
    }

    private Key? Report()
    {
        var pending = Pending;
        var end = pending.IndexOfAny((byte)'\a', (byte)0x9c);
        var terminator = pending.IndexOf("\e\\"u8);

        if (end < 0 && terminator < 0)
        {
            return pending.Length > LongestReport ? Take(2, KeyKind.Unknown) : null;
        }

        var (length, skip) = terminator >= 0 && (end < 0 || terminator < end) ? (terminator, 2) : (end, 1);
        return Take(length + skip, KeyKind.Report, Encoding.Latin1.GetString(pending[2..length]));
    }

    private Key Take(int count, KeyKind kind, string text = "")
    {
        bytes.RemoveRange(0, count);
        return new Key(kind, kind is KeyKind.Text or KeyKind.Paste or KeyKind.Report ? text : "");
    }
}

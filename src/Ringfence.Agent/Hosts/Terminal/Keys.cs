using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

internal enum KeyKind
{
    Text,
    Paste,
    Enter,
    NewLine,
    Backspace,
    Delete,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    Home,
    End,
    Escape,
    Interrupt,
    EndOfInput,
    Suspend,
    Redraw,
    NextMode,
    Unknown,
}

internal readonly record struct Key(KeyKind Kind, string Text = "");

/// <summary>Makes keys of the bytes that a terminal sends.</summary>
internal sealed class KeyDecoder
{
    private const string PasteEnd = "\e[201~";
    private readonly List<byte> bytes = [];

    /// <param name="isComplete">Nothing more will come at once: an escape that stands alone is the key.</param>
    public IReadOnlyList<Key> Decode(ReadOnlySpan<byte> more, bool isComplete)
    {
        bytes.AddRange(more);
        var keys = new List<Key>();

        while (bytes.Count > 0 && Next(isComplete) is { } key)
        {
            if (keys is [.., { Kind: KeyKind.Text } last] && key.Kind == KeyKind.Text)
            {
                keys[^1] = last with { Text = last.Text + key.Text };
            }
            else
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    private Key? Next(bool isComplete)
    {
        var first = bytes[0];

        if (first == 0x1b)
        {
            return Sequence(isComplete);
        }

        if (first < 0x20 || first == 0x7f)
        {
            return Take(1, new Key(first switch
            {
                1 => KeyKind.Home, 2 => KeyKind.Left, 3 => KeyKind.Interrupt, 4 => KeyKind.EndOfInput, 5 => KeyKind.End, 6 => KeyKind.Right, 8 or 127 => KeyKind.Backspace,
                10 => KeyKind.NewLine, 11 => KeyKind.DeleteToEnd, 12 => KeyKind.Redraw, 13 => KeyKind.Enter, 14 => KeyKind.Down, 16 => KeyKind.Up, 21 => KeyKind.DeleteToStart,
                23 => KeyKind.DeleteWord, 26 => KeyKind.Suspend, _ => KeyKind.Unknown,
            }));
        }

        var status = Rune.DecodeFromUtf8(bytes.ToArray(), out var rune, out var length);
        return status == System.Buffers.OperationStatus.NeedMoreData && !isComplete ? null : Take(length, new Key(KeyKind.Text, rune.ToString()));
    }

    private Key? Sequence(bool isComplete)
    {
        var text = Encoding.Latin1.GetString([.. bytes]);

        if (text.StartsWith("\e[200~", StringComparison.Ordinal))
        {
            var end = text.IndexOf(PasteEnd, StringComparison.Ordinal);

            return end < 0 ? null : Take(end + PasteEnd.Length, new Key(
                KeyKind.Paste, Encoding.UTF8.GetString(bytes.GetRange(6, end - 6).ToArray()).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n')));
        }

        if (text.Length == 1)
        {
            return isComplete ? Take(1, new Key(KeyKind.Escape)) : null;
        }

        if (text[1] is not ('[' or 'O'))
        {
            return text[1] switch
            {
                '\r' or '\n' => Take(2, new Key(KeyKind.NewLine)),
                'b' => Take(2, new Key(KeyKind.WordLeft)),
                'f' => Take(2, new Key(KeyKind.WordRight)),
                '\x7f' => Take(2, new Key(KeyKind.DeleteWord)),
                _ => Take(1, new Key(KeyKind.Escape)),
            };
        }

        var last = 2;

        while (last < text.Length && text[last] is >= '0' and <= '9' or ';')
        {
            last++;
        }

        if (last >= text.Length)
        {
            return isComplete ? Take(text.Length, new Key(KeyKind.Unknown)) : null;
        }

        return Take(last + 1, new Key(text[2..(last + 1)] switch
        {
            "A" => KeyKind.Up, "B" => KeyKind.Down, "C" => KeyKind.Right, "D" => KeyKind.Left, "H" or "1~" or "7~" => KeyKind.Home, "F" or "4~" or "8~" => KeyKind.End,
            "3~" => KeyKind.Delete, "Z" => KeyKind.NextMode, "1;5C" or "1;3C" => KeyKind.WordRight, "1;5D" or "1;3D" => KeyKind.WordLeft, "13;2u" or "27;2;13~" => KeyKind.NewLine,
            _ => KeyKind.Unknown,
        }));
    }

    private Key Take(int count, Key key)
    {
        bytes.RemoveRange(0, count);
        return key;
    }
}

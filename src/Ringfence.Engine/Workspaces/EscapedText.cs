using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Ringfence.Workspaces;

/// <summary>Copies lines that an agent may have written to a terminal, so that they cannot draw on it: all but git's own colours is escaped.</summary>
internal static partial class EscapedText
{
    private const int LongestLine = 64 * 1024;

    public static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        // Bytes as Latin-1: what is not UTF-8 survives until it is escaped.
        using var reader = new StreamReader(from, Encoding.Latin1, detectEncodingFromByteOrderMarks: false, 64 * 1024);
        await using var writer = new StreamWriter(to, new UTF8Encoding(false), 64 * 1024, leaveOpen: true);

        var line = new StringBuilder();
        var buffer = new char[16 * 1024];

        // Not by ReadLine: that ends a line at a lone carriage return too, and makes a string without end of a line without end.
        for (int read; (read = await reader.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            for (var rest = buffer.AsMemory(0, read); !rest.IsEmpty;)
            {
                var end = rest.Span.IndexOf('\n');
                var part = end < 0 ? rest : rest[..end];
                line.Append(part.Span[..Math.Min(part.Length, LongestLine - line.Length)]);
                rest = end < 0 ? default : rest[(end + 1)..];

                if (end >= 0)
                {
                    await writer.WriteAsync(Escape(line.ToString()).Append('\n'), cancellationToken);
                    line.Clear();
                }
            }
        }

        await writer.WriteAsync(Escape(line.ToString()), cancellationToken);
    }

    private static StringBuilder Escape(string latin1)
    {
        var text = new StringBuilder(latin1.Length);
        var last = 0;

        foreach (Match color in Color().Matches(latin1))
        {
            Append(text, latin1.AsSpan(last, color.Index - last));
            text.Append(color.Value);
            last = color.Index + color.Length;
        }

        Append(text, latin1.AsSpan(last));
        return text;
    }

    private static void Append(StringBuilder text, ReadOnlySpan<char> latin1)
    {
        if (latin1.IndexOfAnyExceptInRange(' ', '~') < 0)
        {
            text.Append(latin1);
            return;
        }

        Span<byte> bytes = new byte[latin1.Length];
        Encoding.Latin1.GetBytes(latin1, bytes);

        while (!bytes.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(bytes, out var rune, out var length) == OperationStatus.Done;

            if (valid && (rune.Value == '\t' || Printable.Escape(bytes[..length])[0] != '"' || rune.Value == '"'))
            {
                text.Append(rune);
            }
            else
            {
                foreach (var b in bytes[..length])
                {
                    text.Append(b == '\r' ? "\\r" : $"\\x{b:x2}");
                }
            }

            bytes = bytes[length..];
        }
    }

    // Only the colours of git's own diff. Content that holds the same bytes is coloured, which harms nobody.
    [GeneratedRegex(@"\x1b\[(?:1|3[1-6]|1;3[1-6])?m")]
    private static partial Regex Color();
}

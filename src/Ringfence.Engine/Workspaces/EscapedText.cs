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

        while (await LineAsync(reader, cancellationToken) is { } line)
        {
            await writer.WriteAsync(Escape(line).AsMemory(), cancellationToken);
            await writer.WriteAsync("\n".AsMemory(), cancellationToken);
        }
    }

    private static string Escape(string latin1)
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
        return text.ToString();
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

    // A line without end must not become a string without end; StreamReader.ReadLine would also end one at a lone carriage return.
    private static async Task<string?> LineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new char[1];

        while (await reader.ReadAsync(one.AsMemory(), cancellationToken) == 1)
        {
            if (one[0] == '\n')
            {
                return line.ToString();
            }

            if (line.Length < LongestLine)
            {
                line.Append(one[0]);
            }
        }

        return line.Length == 0 ? null : line.ToString();
    }

    // Only the colours of git's own diff. Content that holds the same bytes is coloured, which harms nobody.
    [GeneratedRegex(@"\x1b\[(?:1|3[1-6]|1;3[1-6])?m")]
    private static partial Regex Color();
}

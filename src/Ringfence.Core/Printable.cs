using System.Globalization;
using System.Text;

namespace Ringfence;

/// <summary>Makes untrusted bytes safe to show: what is not printable is written as an escape, never sent to a terminal.</summary>
public static class Printable
{
    /// <summary>The text itself when every rune is printable; else quoted, with C escapes and \xHH for bytes that are not UTF-8.</summary>
    public static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        var plain = true;

        while (!bytes.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(bytes, out var rune, out var length) == System.Buffers.OperationStatus.Done;

            if (valid && IsPrintable(rune))
            {
                text.Append(rune.Value is '"' or '\\' ? "\\" : "").Append(rune);
            }
            else
            {
                plain = false;
                AppendEscaped(text, bytes[..length]);
            }

            bytes = bytes[length..];
        }

        return plain ? text.Replace("\\\"", "\"").Replace("\\\\", "\\").ToString() : $"\"{text}\"";
    }

    public static string Escape(string text) => Escape(Encoding.UTF8.GetBytes(text));

    /// <summary>As <see cref="Escape(string)"/>, but lines stay lines and nothing is quoted: for messages that hold untrusted parts.</summary>
    public static string EscapeLines(string text) =>
        string.Join('\n', text.Split('\n').Select(line => Escape(line) is ['"', .. var inner, '"'] && inner != line ? inner : line));

    private static void AppendEscaped(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            text.Append(b switch
            {
                (byte)'\n' => "\\n",
                (byte)'\r' => "\\r",
                (byte)'\t' => "\\t",
                _ => "\\x" + b.ToString("x2", CultureInfo.InvariantCulture),
            });
        }
    }

    // Format characters hold the direction overrides of "Trojan Source" (CVE-2021-42574).
    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}

using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Markdown within a line: strong, emphasis, code, struck, links. A sign without its partner is a character like any other.</summary>
internal sealed class MarkdownInline(Paint paint)
{
    private const string Escapable = "\\`*_{}[]()<>#+-.!|~";

    // Signs without partners are looked for to the end of the line each, and every style within another is a call within a call:
    // a line made for that would hold up the screen, or end the program.
    private const int LongestLine = 8_000;
    private const int DeepestStyle = 64;

    public string Render(string text, string style = "")
    {
        if (text.Length > LongestLine || style.Length > DeepestStyle)
        {
            return paint.With(style, text);
        }

        var (output, plain) = (new StringBuilder(), new StringBuilder());

        for (var i = 0; i < text.Length;)
        {
            if (text[i] == '\\' && i + 1 < text.Length && Escapable.Contains(text[i + 1]))
            {
                plain.Append(text[i + 1]);
                i += 2;
                continue;
            }

            if (Span(text, i, style) is { } span)
            {
                Flush();
                output.Append(span.Rendered);
                i += span.Length;
                continue;
            }

            plain.Append(text[i++]);
        }

        Flush();
        return output.ToString();

        void Flush()
        {
            output.Append(paint.With(style, plain.ToString()));
            plain.Clear();
        }
    }

    private (string Rendered, int Length)? Span(string text, int at, string style) => text[at] switch
    {
        '`' => Code(text, at, style),
        '*' or '_' or '~' => Emphasis(text, at, style),
        '[' => Link(text, at, style),
        '!' when at + 1 < text.Length && text[at + 1] == '[' && Link(text, at + 1, style) is { } image => (image.Rendered, image.Length + 1),
        '<' => Address(text, at, style),
        _ => null,
    };

    private (string Rendered, int Length)? Code(string text, int at, string style)
    {
        var ticks = Run(text, at, '`');
        var fence = text.Substring(at, ticks);

        for (var end = text.IndexOf(fence, at + ticks, StringComparison.Ordinal); end >= 0; end = text.IndexOf(fence, end, StringComparison.Ordinal))
        {
            var closing = Run(text, end, '`');

            if (closing == ticks)
            {
                var code = text[(at + ticks)..end];
                code = code is [' ', _, .., ' '] ? code[1..^1] : code;
                return (paint.With(Both(style, paint.Code(Role.Code)), code), end + ticks - at);
            }

            end += closing;
        }

        return null;
    }

    private (string Rendered, int Length)? Emphasis(string text, int at, string style)
    {
        var (sign, run) = (text[at], Run(text, at, text[at]));
        var count = Math.Min(run, 3);

        // snake_case is no emphasis, and neither is 2 * 3.
        if ((sign == '~' && run != 2) || at + run >= text.Length || char.IsWhiteSpace(text[at + run]) || (sign == '_' && at > 0 && char.IsLetterOrDigit(text[at - 1])))
        {
            return run > 1 ? (paint.With(style, text.Substring(at, run)), run) : null;
        }

        var marker = new string(sign, count);

        for (var end = text.IndexOf(marker, at + run, StringComparison.Ordinal); end > 0; end = text.IndexOf(marker, end + 1, StringComparison.Ordinal))
        {
            // Strong within emphasis: its signs are not ours.
            if (count == 1 && Run(text, end, sign) == 2)
            {
                end++;
                continue;
            }

            var after = end + count;

            if (!char.IsWhiteSpace(text[end - 1]) && (sign != '_' || after == text.Length || !char.IsLetterOrDigit(text[after])))
            {
                var look = sign == '~' ? "9" : count switch { 1 => "3", 2 => "1", _ => "1;3" };
                return (Render(text[(at + count)..end], Both(style, look)), after - at);
            }
        }

        return run > 1 ? (paint.With(style, text.Substring(at, run)), run) : null;
    }

    private (string Rendered, int Length)? Link(string text, int at, string style)
    {
        var middle = text.IndexOf("](", at, StringComparison.Ordinal);
        var end = middle < 0 ? -1 : text.IndexOf(')', middle);

        if (end < 0 || text.IndexOf('[', at + 1, middle - at - 1) >= 0)
        {
            return null;
        }

        var (name, address) = (text[(at + 1)..middle], text[(middle + 2)..end].Split(' ')[0]);

        // The address stays in sight: who follows a link must see where it leads.
        var shown = name == address || name.Length == 0 ? Underlined(address, style) : $"{Render(name, Both(style, "4"))} {paint.Quiet($"({address})")}";
        return (shown, end + 1 - at);
    }

    private (string Rendered, int Length)? Address(string text, int at, string style)
    {
        var end = text.IndexOf('>', at);
        var inside = end < 0 ? "" : text[(at + 1)..end];
        return inside.StartsWith("http", StringComparison.Ordinal) && !inside.Contains(' ') ? (Underlined(inside, style), end + 1 - at) : null;
    }

    private string Underlined(string text, string style) => paint.With(Both(style, "4"), text);

    private static string Both(string style, string more) => style.Length == 0 ? more : more.Length == 0 ? style : $"{style};{more}";

    private static int Run(string text, int at, char sign)
    {
        var end = at;

        while (end < text.Length && text[end] == sign)
        {
            end++;
        }

        return end - at;
    }
}

using System.Net;
using System.Text;

namespace Ringfence.Agent.Tools;

/// <summary>The words of a web page, with the marks of headings and lists. One pass, so that no page costs more than its length, however it is broken.</summary>
internal static class PageText
{
    private static readonly string[] Unseen = ["script", "style", "noscript", "svg", "head"];
    private static readonly HashSet<string> Blocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "p", "div", "tr", "section", "article", "pre", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6",
    };

    public static string Of(string html) => Settle(WebUtility.HtmlDecode(WithoutTags(html)));

    private static string WithoutTags(string html)
    {
        var text = new StringBuilder();
        var unclosed = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

        for (var at = 0; at < html.Length;)
        {
            var open = html.IndexOf('<', at);
            text.Append(html, at, (open < 0 ? html.Length : open) - at);

            if (open < 0)
            {
                break;
            }

            if (!IsTag(html.AsSpan(open)))
            {
                text.Append('<');
                at = open + 1;
                continue;
            }

            var isComment = html.AsSpan(open).StartsWith("<!--");
            var end = isComment ? html.IndexOf("-->", open, StringComparison.Ordinal) : html.IndexOf('>', open);

            if (end < 0)
            {
                break;
            }

            at = end + (isComment ? 3 : 1);
            var (name, closes) = isComment ? ("", false) : Name(html.AsSpan(open, end - open));
            text.Append(Mark(name, closes));

            if (!closes && Unseen.Contains(name, StringComparer.OrdinalIgnoreCase) && !unclosed.Contains(name))
            {
                var close = html.IndexOf("</" + name, at, StringComparison.OrdinalIgnoreCase);
                at = close < 0 ? at : close;

                // Not looked for again: thousands that are never closed would be searched for to the end each.
                _ = close < 0 && unclosed.Add(name);
            }
        }

        return text.ToString();
    }

    private static bool IsTag(ReadOnlySpan<char> text) => text.Length > 1 && (char.IsAsciiLetter(text[1]) || text[1] is '/' or '!' or '?');

    private static (string Name, bool Closes) Name(ReadOnlySpan<char> tag)
    {
        var closes = tag[1] == '/';
        var rest = tag[(closes ? 2 : 1)..];
        var length = rest.IndexOfAnyExceptInRange('0', 'z');
        var name = length < 0 ? rest : rest[..length];
        return (name.Length > 10 ? "" : name.ToString(), closes);
    }

    private static string Mark(string name, bool closes) => name switch
    {
        "" => "",
        _ when closes => Blocks.Contains(name) ? "\n" : "",
        _ when name.Equals("br", StringComparison.OrdinalIgnoreCase) => "\n",
        _ when name.Equals("li", StringComparison.OrdinalIgnoreCase) => "\n- ",
        ['h' or 'H', >= '1' and <= '6'] => "\n\n# ",
        _ => "",
    };

    /// <summary>Blanks become one, empty lines become one.</summary>
    private static string Settle(string text)
    {
        var settled = new StringBuilder(text.Length);

        for (var at = 0; at < text.Length;)
        {
            var lines = 0;
            var start = at;

            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                lines += text[at++] == '\n' ? 1 : 0;
            }

            _ = at == start ? settled.Append(text[at++]) : settled.Append(lines switch { 0 => " ", 1 => "\n", _ => "\n\n" });
        }

        return settled.ToString().Trim();
    }
}

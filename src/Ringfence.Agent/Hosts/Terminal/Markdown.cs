using System.Text.RegularExpressions;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Markdown for a terminal, line by line as it streams in.</summary>
internal sealed partial class Markdown(Paint paint)
{
    private bool inCode;

    public string Line(string line)
    {
        line = TextWidth.Safe(line);
        var trimmed = line.TrimStart();

        if (trimmed.StartsWith("```", StringComparison.Ordinal) || trimmed.StartsWith("~~~", StringComparison.Ordinal))
        {
            inCode = !inCode;
            return paint.Dim(line);
        }

        if (inCode)
        {
            return paint.Cyan(line);
        }

        if (Heading().Match(line) is { Success: true } heading)
        {
            return paint.Bold(heading.Groups[1].Value);
        }

        if (trimmed.StartsWith('>'))
        {
            return paint.Dim("│ " + trimmed[1..].TrimStart());
        }

        if (Item().Match(line) is { Success: true } item)
        {
            return $"{item.Groups[1].Value}• {Inline(item.Groups[2].Value)}";
        }

        return trimmed.Length > 2 && trimmed.All(c => c is '-' or '*' or '_') ? paint.Dim("────────") : Inline(line);
    }

    public void Reset() => inCode = false;

    private string Inline(string text)
    {
        // Links first: the escape sequences of the others hold brackets.
        text = Link().Replace(text, m => $"{m.Groups[1].Value} {paint.Dim($"({m.Groups[2].Value})")}");
        text = Strong().Replace(text, m => paint.Bold(m.Groups[1].Value));
        return Code().Replace(text, m => paint.Cyan(m.Groups[1].Value));
    }

    [GeneratedRegex(@"^#{1,6}\s+(.*)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^(\s*)[-*+]\s+(.*)$")]
    private static partial Regex Item();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\*\*([^*]+)\*\*")]
    private static partial Regex Strong();

    [GeneratedRegex(@"\[([^\]]+)\]\((https?://[^)\s]+)\)")]
    private static partial Regex Link();
}

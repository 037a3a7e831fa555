using System.Security.Cryptography;

namespace Ringfence.Gateway;

/// <summary>One part of a request as it is compared: by content, without the marks that say only where a cache ends.</summary>
/// <param name="Digest">SHA-256 of the content, lower-case hex.</param>
/// <param name="IsToolResult">It carries what a tool returned, which agents clear to make room.</param>
public sealed record ContextPart(string Kind, string Digest, int Start, int Bytes, bool IsToolResult);

/// <summary>What a request did to the conversation that came before it.</summary>
/// <param name="Kind"><c>compaction</c>, <c>cleared_tool_results</c>, <c>edited_prefix</c>; null when it only went on.</param>
/// <param name="Added">Parts that no earlier request of the conversation had.</param>
/// <param name="Dropped">Digests of what is gone.</param>
public sealed record ContextStep(string? Kind, IReadOnlyList<ContextPart> Added, IReadOnlyList<string> Dropped);

/// <summary>
/// Follows one conversation through its requests and finds what was lost on the way, by content and not by counting tokens: an agent that forgets is
/// seen to forget.
/// </summary>
public sealed class ContextHistory
{
    private IReadOnlyList<ContextPart> last = [];

    public ContextStep Next(IReadOnlyList<ContextPart> parts)
    {
        var before = last;
        last = parts;

        var had = before.Select(p => p.Digest).ToHashSet(StringComparer.Ordinal);
        var has = parts.Select(p => p.Digest).ToHashSet(StringComparer.Ordinal);
        var added = parts.Where(p => !had.Contains(p.Digest)).ToList();
        var dropped = before.Where(p => !has.Contains(p.Digest)).ToList();

        return new ContextStep(before.Count == 0 ? null : Kind(before, parts, dropped), added, [.. dropped.Select(p => p.Digest)]);
    }

    private static string? Kind(IReadOnlyList<ContextPart> before, IReadOnlyList<ContextPart> now, List<ContextPart> dropped)
    {
        var goesOn = now.Count >= before.Count && before.Zip(now).All(pair => pair.First.Digest == pair.Second.Digest);

        if (goesOn)
        {
            return null;
        }

        var messages = before.Count(p => p.Kind == "message");
        var lost = dropped.Count(p => p.Kind == "message");

        // Results whose place is still there, with less in it.
        if (dropped.Count > 0 && dropped.All(p => p.IsToolResult) && now.Count >= before.Count
            && before.Zip(now).Where(pair => pair.First.Digest != pair.Second.Digest).All(pair => pair.Second.IsToolResult && pair.Second.Bytes < pair.First.Bytes))
        {
            return "cleared_tool_results";
        }

        return lost > 1 && lost * 2 > messages && now.Count < before.Count ? "compaction" : "edited_prefix";
    }
}

/// <summary>Makes parts comparable.</summary>
public static class ContextParts
{
    public static IReadOnlyList<ContextPart> Of(ReadOnlySpan<byte> body, IReadOnlyList<Part> parts)
    {
        var read = new List<ContextPart>(parts.Count);

        foreach (var part in parts)
        {
            var content = body[part.Start..part.End];

            var isResult = part.Kind == "message"
                && (content.IndexOf("\"tool_result\""u8) >= 0 || content.IndexOf("\"function_call_output\""u8) >= 0
                    || content.IndexOf("\"functionResponse\""u8) >= 0 || JsonRead.CountTyped(content, "\"tool\""u8, "\"role\""u8) > 0);

            read.Add(new ContextPart(part.Kind, Digest(content), part.Start, content.Length, isResult));
        }

        return read;
    }

    /// <summary>Digests of the growing conversation, shortest first, at most sixteen of the longest: equal prefixes have equal digests.</summary>
    public static IReadOnlyList<string> Prefixes(IReadOnlyList<ContextPart> parts)
    {
        var chain = new List<string>(parts.Count);
        var digest = "";

        foreach (var part in parts)
        {
            digest = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(digest + part.Digest)));
            chain.Add(digest);
        }

        return chain.Count > 16 ? chain[^16..] : chain;
    }

    /// <summary>
    /// Whether a body holds a text, however its JSON escapes it: the runs of plain characters between what may be escaped must follow each other.
    /// </summary>
    public static bool Holds(ReadOnlySpan<byte> body, string text)
    {
        var at = 0;

        foreach (var piece in Pieces(text))
        {
            var found = body[at..].IndexOf(System.Text.Encoding.ASCII.GetBytes(piece));

            if (found < 0)
            {
                return false;
            }

            at += found + piece.Length;
        }

        return true;
    }

    private static IEnumerable<string> Pieces(string text)
    {
        var start = 0;

        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || !(char.IsAsciiLetterOrDigit(text[i]) || text[i] is ' ' or '.' or ',' or ':' or ';' or '-' or '_' or '*' or '(' or ')'))
            {
                if (i > start)
                {
                    yield return text[start..i];
                }

                start = i + 1;
            }
        }
    }

    // Agents move the cache mark from message to message; what the model reads stays the same.
    private static string Digest(ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ReadOnlySpan<byte> mark = "\"cache_control\":"u8;

        while (true)
        {
            var at = content.IndexOf(mark);
            var end = at < 0 ? -1 : content[at..].IndexOf((byte)'}');

            if (end < 0)
            {
                hash.AppendData(content);
                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }

            hash.AppendData(content[..at].TrimEnd(", "u8));
            content = content[(at + end + 1)..];
        }
    }
}

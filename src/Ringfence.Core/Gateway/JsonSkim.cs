using System.Buffers;
using System.Text.Json;

namespace Ringfence.Gateway;

/// <summary>
/// Reads one level of a JSON value and skips what lies below, many times faster than a parser: agents send hundreds of kilobytes per call and
/// the gateway needs a handful of top-level members. What it skips it checks for balance only; the provider rejects what is not JSON.
/// </summary>
public static class JsonSkim
{
    private static readonly SearchValues<byte> StringEnd = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> ScalarEnd = SearchValues.Create(",}] \t\r\n"u8);

    /// <summary>The members of the object that <paramref name="json"/> consists of, in order; null when it is not exactly one object.</summary>
    public static List<JsonMember>? Object(ReadOnlySpan<byte> json)
    {
        var at = SkipSpace(json, 0);

        if (at >= json.Length || json[at] != '{')
        {
            return null;
        }

        var members = new List<JsonMember>(16);
        at = SkipSpace(json, at + 1);

        if (at < json.Length && json[at] == '}')
        {
            return IsEnd(json, at + 1) ? members : null;
        }

        while (true)
        {
            var keyEnd = SkipString(json, at);
            var colon = keyEnd < 0 ? -1 : SkipSpace(json, keyEnd);

            if (colon < 0 || colon >= json.Length || json[colon] != ':' || Name(json[(at + 1)..(keyEnd - 1)]) is not { } name)
            {
                return null;
            }

            var start = SkipSpace(json, colon + 1);
            var end = SkipValue(json, start);

            if (end < 0)
            {
                return null;
            }

            members.Add(new JsonMember(name, start, end));
            at = SkipSpace(json, end);

            if (at >= json.Length)
            {
                return null;
            }

            if (json[at] == '}')
            {
                return IsEnd(json, at + 1) ? members : null;
            }

            if (json[at] != ',')
            {
                return null;
            }

            at = SkipSpace(json, at + 1);
        }
    }

    /// <summary>Where the elements of the array lie that <paramref name="json"/> consists of; null when it is not exactly one array.</summary>
    public static List<JsonPlace>? Array(ReadOnlySpan<byte> json)
    {
        var at = SkipSpace(json, 0);

        if (at >= json.Length || json[at] != '[')
        {
            return null;
        }

        var elements = new List<JsonPlace>();
        at = SkipSpace(json, at + 1);

        if (at < json.Length && json[at] == ']')
        {
            return IsEnd(json, at + 1) ? elements : null;
        }

        while (true)
        {
            var end = SkipValue(json, at);

            if (end < 0)
            {
                return null;
            }

            elements.Add(new JsonPlace(at, end));
            at = SkipSpace(json, end);

            if (at >= json.Length || json[at] is not ((byte)']' or (byte)','))
            {
                return null;
            }

            if (json[at] == ']')
            {
                return IsEnd(json, at + 1) ? elements : null;
            }

            at = SkipSpace(json, at + 1);
        }
    }

    private static bool IsEnd(ReadOnlySpan<byte> json, int at) => SkipSpace(json, at) == json.Length;

    private static int SkipSpace(ReadOnlySpan<byte> json, int at)
    {
        while (at < json.Length && json[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    // Returns the place after the closing quote, or -1.
    private static int SkipString(ReadOnlySpan<byte> json, int at)
    {
        if (at >= json.Length || json[at] != '"')
        {
            return -1;
        }

        at++;

        while (true)
        {
            var step = json[at..].IndexOfAny(StringEnd);

            if (step < 0)
            {
                return -1;
            }

            at += step;

            if (json[at] == '"')
            {
                return at + 1;
            }

            at += 2;

            if (at > json.Length)
            {
                return -1;
            }
        }
    }

    private static int SkipValue(ReadOnlySpan<byte> json, int at)
    {
        if (at >= json.Length)
        {
            return -1;
        }

        if (json[at] == '"')
        {
            return SkipString(json, at);
        }

        if (json[at] is not ((byte)'{' or (byte)'['))
        {
            var length = json[at..].IndexOfAny(ScalarEnd);
            return length == 0 ? -1 : length < 0 ? json.Length : at + length;
        }

        return JsonNesting.End(json, at);
    }

    // A name may be written with escapes; it must be compared as the provider reads it.
    private static string? Name(ReadOnlySpan<byte> raw)
    {
        if (!raw.Contains((byte)'\\'))
        {
            return System.Text.Encoding.UTF8.GetString(raw);
        }

        try
        {
            var reader = new Utf8JsonReader([(byte)'"', .. raw, (byte)'"']);
            return reader.Read() ? reader.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>A member of an object: its name, and where its value begins and ends.</summary>
public readonly record struct JsonMember(string Name, int Start, int End)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> json) => json[Start..End];
}

public readonly record struct JsonPlace(int Start, int End)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> json) => json[Start..End];
}

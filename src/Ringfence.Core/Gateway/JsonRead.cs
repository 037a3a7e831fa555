using System.Text;
using System.Text.Json;

namespace Ringfence.Gateway;

/// <summary>Small readings of JSON that is not trusted: a wrong type is an absent value, never an exception.</summary>
internal static class JsonRead
{
    public static JsonDocument? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json.ToArray());
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static JsonElement? Get(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value : null;

    public static JsonElement? Get(this JsonElement? element, string name) => element?.Get(name);

    public static string? Text(this JsonElement? element) => element is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>The whole number, 0 when absent, -1 when it is anything else: a count that cannot be read must not pass for zero.</summary>
    public static long Count(this JsonElement? element) =>
        element is not { } value ? 0 : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) ? count : -1;

    public static bool IsNull(ReadOnlySpan<byte> json) => json.SequenceEqual("null"u8);

    public static string? Text(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A whole number from 0; null for anything else, fractions and exponents included.</summary>
    public static long? Whole(ReadOnlySpan<byte> json) =>
        json.Length is > 0 and < 20 && !json.ContainsAnyExceptInRange((byte)'0', (byte)'9') && long.TryParse(json, out var number)
            ? number : null;

    /// <summary>How often a member <c>"type"</c> (or another <paramref name="name"/>) has exactly this value, at any depth.</summary>
    public static int CountTyped(ReadOnlySpan<byte> json, ReadOnlySpan<byte> quotedValue, ReadOnlySpan<byte> name)
    {
        var count = 0;

        for (var at = json.IndexOf(quotedValue); at >= 0;)
        {
            if (EndsWithName(json[..at], name))
            {
                count++;
            }

            var next = json[(at + 1)..].IndexOf(quotedValue);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return count;
    }

    /// <summary>How often a member of this name occurs, at any depth, whatever its value.</summary>
    public static int CountNamed(ReadOnlySpan<byte> json, ReadOnlySpan<byte> quotedName)
    {
        var count = 0;

        for (var at = json.IndexOf(quotedName); at >= 0;)
        {
            var after = json[(at + quotedName.Length)..].TrimStart(" \t\r\n"u8);
            count += after.Length > 0 && after[0] == ':' ? 1 : 0;
            var next = json[(at + 1)..].IndexOf(quotedName);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return count;
    }

    /// <summary>
    /// A letter, digit or mark written as <c>\u00XX</c> could hide a word that is searched for by its bytes. Nobody needs to write them so, but
    /// some encoders do for quotes and angle brackets; those hide no word.
    /// </summary>
    public static bool HidesWords(ReadOnlySpan<byte> json)
    {
        for (var at = json.IndexOf("\\u00"u8); at >= 0;)
        {
            if (at + 6 <= json.Length && byte.TryParse(json.Slice(at + 4, 2), System.Globalization.NumberStyles.HexNumber, null, out var code)
                && (char.IsAsciiLetterOrDigit((char)code) || code is (byte)'_' or (byte)'-'))
            {
                return true;
            }

            var next = json[(at + 4)..].IndexOf("\\u00"u8);
            at = next < 0 ? -1 : at + 4 + next;
        }

        return false;
    }

    public static byte[] Splice(ReadOnlySpan<byte> json, int start, int end, string replacement) =>
        [.. json[..start], .. Encoding.UTF8.GetBytes(replacement), .. json[end..]];

    private static bool EndsWithName(ReadOnlySpan<byte> before, ReadOnlySpan<byte> name)
    {
        before = before.TrimEnd(" \t\r\n"u8);

        return before.Length > 0 && before[^1] == ':' && before[..^1].TrimEnd(" \t\r\n"u8).EndsWith(name);
    }
}

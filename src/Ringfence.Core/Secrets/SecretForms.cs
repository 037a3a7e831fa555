using System.Net;
using System.Text;
using System.Text.Encodings.Web;

namespace Ringfence.Secrets;

/// <summary>The ways in which a value is written by the tools and formats it passes through.</summary>
internal static class SecretForms
{
    public static IReadOnlyList<byte[]> Of(string value)
    {
        var raw = Encoding.UTF8.GetBytes(value);
        var escaped = Uri.EscapeDataString(value);

        string[] texts =
        [
            escaped, LowerEscapes(escaped), WebFormEncoded(value), LowerEscapes(WebFormEncoded(value)),
            string.Concat(raw.Select(b => $"%{b:X2}")), string.Concat(raw.Select(b => $"%{b:x2}")),
            Convert.ToHexString(raw), Convert.ToHexStringLower(raw),
            JavaScriptEncoder.Default.Encode(value), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value),
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value).Replace("/", "\\/", StringComparison.Ordinal), LowerUnicodeEscapes(value),
            HtmlEncoder.Default.Encode(value), WebUtility.HtmlEncode(value),
        ];

        return [.. texts.Select(Encoding.UTF8.GetBytes).Append(raw).Concat(Base64(raw)).DistinctBy(Convert.ToHexString)];
    }

    // Base64 of a longer text (Basic credentials are name:value) holds one of three shifted forms. The characters at either end that
    // neighbouring bytes share are left out; what is left is the same whatever stands around the value.
    private static IEnumerable<byte[]> Base64(byte[] raw)
    {
        for (var shift = 0; shift < 3; shift++)
        {
            var whole = Convert.ToBase64String([.. new byte[shift], .. raw]).TrimEnd('=');
            var first = (shift * 8 + 5) / 6;
            var last = (shift + raw.Length) * 8 / 6;
            var inner = whole[first..last];

            yield return Encoding.ASCII.GetBytes(inner);
            yield return Encoding.ASCII.GetBytes(inner.Replace('+', '-').Replace('/', '_'));
        }
    }

    private static string WebFormEncoded(string value) => WebUtility.UrlEncode(value);

    private static string LowerEscapes(string text)
    {
        var lower = new StringBuilder(text);

        for (var i = 0; i + 2 < text.Length; i++)
        {
            if (text[i] == '%')
            {
                lower[i + 1] = char.ToLowerInvariant(text[i + 1]);
                lower[i + 2] = char.ToLowerInvariant(text[i + 2]);
            }
        }

        return lower.ToString();
    }

    // As Python, Go and JavaScript write what System.Text.Json writes in capitals.
    private static string LowerUnicodeEscapes(string value) => string.Concat(value.Select(c => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '<' or '>' or '&' => $"\\u{(int)c:x4}",
        < ' ' or > '~' => $"\\u{(int)c:x4}",
        _ => c.ToString(),
    }));
}

using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Ringfence.Gateway;

/// <summary>
/// When two requests are the same. First byte for byte; then with the fields set aside that differ from run to run and mean nothing to the model. The
/// list is short and declared: what is not on it is a difference.
/// </summary>
internal static partial class CassetteKey
{
    /// <summary>Counts up whenever the list changes; a cassette made by another version is matched exactly or not at all.</summary>
    public const int Version = 1;

    public static string Exact(string path, string request) => Digest(path + "\n" + request);

    public static string Of(string path, string request) => Digest(path + "\n" + Normalise(request));

    /// <summary>Identifiers that are drawn by chance, times, and what agents say of themselves to their vendor.</summary>
    public static string Normalise(string request)
    {
        var text = Vendor().Replace(request, "$1<volatile>\"");
        text = Billing().Replace(text, "x-anthropic-billing-header: <volatile>");
        text = Identifier().Replace(text, "<id>");
        return Time().Replace(text, "<time>");
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    [GeneratedRegex("""("(?:user_id|prompt_cache_key|safety_identifier)"\s*:\s*")(?:[^"\\]|\\.)*"?""")]
    private static partial Regex Vendor();

    [GeneratedRegex("""x-anthropic-billing-header:(?:[^"\\]|\\.)*""")]
    private static partial Regex Billing();

    [GeneratedRegex("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z?)?")]
    private static partial Regex Time();
}

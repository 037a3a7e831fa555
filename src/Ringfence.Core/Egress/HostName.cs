using System.Globalization;
using System.Net;

namespace Ringfence.Egress;

/// <summary>
/// A DNS name in the one form that is ever compared: lower case, A-labels (IDNA), no trailing dot, nothing but letters, digits, hyphen,
/// underscore and dots. Whatever cannot be brought into this form is not a name, so no second reading of it can slip past a rule.
/// </summary>
public readonly record struct HostName
{
    private const int MaxLength = 253;
    private const int MaxLabel = 63;
    private static readonly IdnMapping Idn = new();

    private HostName(string text) => Text = text;

    public string Text { get; }

    /// <summary>Reads a name that a person wrote or a protocol carried. Addresses, empty labels, NUL and other control bytes are refused.</summary>
    public static bool TryParse(string? text, out HostName name)
    {
        name = default;

        if (string.IsNullOrEmpty(text) || IPAddress.TryParse(text.Trim('[', ']'), out _))
        {
            return false;
        }

        var canonical = text.EndsWith('.') ? text[..^1] : text;

        try
        {
            // The IDNA library maps look-alike dots to dots, so the check for allowed characters comes after it.
            canonical = IsAscii(canonical) ? canonical.ToLowerInvariant() : Idn.GetAscii(canonical).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return false;
        }

        if (canonical.Length > MaxLength || !canonical.Split('.').All(IsLabel) || LooksLikeAddress(canonical))
        {
            return false;
        }

        name = new HostName(canonical);
        return true;
    }

    /// <summary>True when this name is below <paramref name="suffix"/>, at any depth, and not the suffix itself.</summary>
    public bool IsBelow(HostName suffix) =>
        Text.Length > suffix.Text.Length + 1 && Text.EndsWith(suffix.Text, StringComparison.Ordinal)
        && Text[^(suffix.Text.Length + 1)] == '.';

    public override string ToString() => Text;

    private static bool IsAscii(string text) => text.All(char.IsAscii);

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    // inet_aton reads 127.1, 0x7f.1 and 017700000001 as addresses; a last label of digits or hex is never a top-level domain (RFC 3696).
    private static bool LooksLikeAddress(string text)
    {
        var last = text[(text.LastIndexOf('.') + 1)..];
        return last.All(char.IsAsciiDigit) || (last.StartsWith("0x", StringComparison.Ordinal) && last[2..].All(char.IsAsciiHexDigit));
    }
}

namespace Ringfence.Gateway;

/// <summary>
/// Finds content whose tokens its bytes do not bound: pictures, which cost by their size on the screen, and documents or references, which can stand
/// for any amount of text.
/// </summary>
internal readonly record struct ContentBound(int Images, bool Unbounded)
{
    private static readonly string[] AnthropicWithoutBound = ["document", "container_upload", "file"];
    private static readonly string[] OpenAiWithoutBound = ["input_file", "file", "input_audio", "item_reference"];

    public static ContentBound OfAnthropic(ReadOnlySpan<byte> body) => OfTypes(body, ["image"], AnthropicWithoutBound);

    public static ContentBound OfOpenAi(ReadOnlySpan<byte> body) => OfTypes(body, ["image_url", "input_image"], OpenAiWithoutBound);

    public static ContentBound OfGemini(ReadOnlySpan<byte> body) => new(
        0,
        JsonRead.HidesWords(body) || Named(body, "\"inlineData\""u8, "\"inline_data\""u8) || Named(body, "\"fileData\""u8, "\"file_data\""u8)
        || Named(body, "\"cachedContent\""u8, "\"cached_content\""u8));

    // One pass over the values of every member "type", at any depth. Inside a text the quotes would be escaped, so a hit is a member.
    private static ContentBound OfTypes(ReadOnlySpan<byte> body, ReadOnlySpan<string> images, ReadOnlySpan<string> unbounded)
    {
        var (count, isUnbounded) = (0, JsonRead.HidesWords(body));
        var rest = body;

        while (!isUnbounded)
        {
            var at = rest.IndexOf("\"type\""u8);

            if (at < 0)
            {
                break;
            }

            rest = rest[(at + 6)..];
            var value = rest.TrimStart(" \t\r\n"u8);

            if (value.Length < 3 || value[0] != ':' || (value = value[1..].TrimStart(" \t\r\n"u8)).Length < 2 || value[0] != '"')
            {
                continue;
            }

            value = value[1..];
            var end = value[..Math.Min(value.Length, 32)].IndexOf((byte)'"');
            var type = end < 0 ? value[..0] : value[..end];
            count += IsOneOf(type, images) ? 1 : 0;
            isUnbounded = IsOneOf(type, unbounded);
        }

        return new ContentBound(count, isUnbounded);
    }

    private static bool IsOneOf(ReadOnlySpan<byte> type, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (System.Text.Ascii.Equals(type, name))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Named(ReadOnlySpan<byte> body, ReadOnlySpan<byte> camel, ReadOnlySpan<byte> snake) =>
        JsonRead.CountNamed(body, camel) > 0 || JsonRead.CountNamed(body, snake) > 0;
}

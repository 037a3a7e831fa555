namespace Ringfence.Gateway;

/// <summary>
/// Finds content whose tokens its bytes do not bound: pictures, which cost by their size on the screen, and documents or references, which can stand
/// for any amount of text.
/// </summary>
internal readonly record struct ContentBound(int Images, bool Unbounded)
{
    public static ContentBound OfAnthropic(ReadOnlySpan<byte> body) => new(
        Typed(body, "\"image\""u8),
        JsonRead.HidesWords(body) || Typed(body, "\"document\""u8) > 0 || Typed(body, "\"container_upload\""u8) > 0
        || (Typed(body, "\"file\""u8) > 0 && JsonRead.CountNamed(body, "\"file_id\""u8) > 0));

    public static ContentBound OfOpenAi(ReadOnlySpan<byte> body) => new(
        Typed(body, "\"image_url\""u8) + Typed(body, "\"input_image\""u8),
        JsonRead.HidesWords(body) || Typed(body, "\"input_file\""u8) > 0 || Typed(body, "\"file\""u8) > 0
        || Typed(body, "\"input_audio\""u8) > 0 || Typed(body, "\"item_reference\""u8) > 0);

    public static ContentBound OfGemini(ReadOnlySpan<byte> body) => new(
        0,
        JsonRead.HidesWords(body) || Named(body, "\"inlineData\""u8, "\"inline_data\""u8) || Named(body, "\"fileData\""u8, "\"file_data\""u8)
        || Named(body, "\"cachedContent\""u8, "\"cached_content\""u8));

    private static int Typed(ReadOnlySpan<byte> body, ReadOnlySpan<byte> value) => JsonRead.CountTyped(body, value, "\"type\""u8);

    private static bool Named(ReadOnlySpan<byte> body, ReadOnlySpan<byte> camel, ReadOnlySpan<byte> snake) =>
        JsonRead.CountNamed(body, camel) > 0 || JsonRead.CountNamed(body, snake) > 0;
}

using System.Text;

namespace Ringfence.Agent.Tools;

/// <summary>
/// A text file that can be changed without harm: decoding and encoding give back exactly the bytes that were not touched. UTF-8 and UTF-16 with or
/// without mark; whatever is neither is taken as Latin-1, which maps every byte to one character and back.
/// </summary>
internal sealed class TextFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding Utf16Little = new(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding Utf16Big = new(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true);

    private readonly byte[] mark;
    private readonly Encoding encoding;

    private TextFile(string text, byte[] mark, Encoding encoding)
    {
        (Text, this.mark, this.encoding) = (text, mark, encoding);
    }

    public string Text { get; }

    public string EncodingName => encoding == Utf8 ? mark.Length > 0 ? "UTF-8 with BOM" : "UTF-8" : encoding == Encoding.Latin1 ? "Latin-1" : "UTF-16";

    /// <summary>Most lines end with CR LF.</summary>
    public bool EndsLinesWithCrLf
    {
        get
        {
            var feeds = Text.AsSpan().Count('\n');
            return feeds > 0 && Text.AsSpan().Count("\r\n") * 2 > feeds;
        }
    }

    /// <summary>Null when the bytes are not text.</summary>
    public static TextFile? Decode(byte[] bytes) => bytes switch
    {
        [0xEF, 0xBB, 0xBF, ..] => With(bytes, 3, Utf8),
        [0xFF, 0xFE, ..] => With(bytes, 2, Utf16Little),
        [0xFE, 0xFF, ..] => With(bytes, 2, Utf16Big),
        _ when bytes.AsSpan().Contains((byte)0) => null,
        _ => With(bytes, 0, Utf8) ?? With(bytes, 0, Encoding.Latin1),
    };

    /// <summary>The bytes of <paramref name="text"/> in this file's encoding; null when it cannot say every character.</summary>
    public byte[]? Encode(string text)
    {
        try
        {
            if (encoding == Encoding.Latin1 && text.AsSpan().ContainsAnyExceptInRange('\0', 'ÿ'))
            {
                return null;
            }

            var bytes = new byte[mark.Length + encoding.GetByteCount(text)];
            mark.CopyTo(bytes, 0);
            encoding.GetBytes(text, bytes.AsSpan(mark.Length));
            return bytes;
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }

    private static TextFile? With(byte[] bytes, int markLength, Encoding encoding)
    {
        try
        {
            return new TextFile(encoding.GetString(bytes, markLength, bytes.Length - markLength), bytes[..markLength], encoding);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

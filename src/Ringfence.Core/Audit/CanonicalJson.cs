using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Ringfence.Audit;

/// <summary>
/// Writes JSON in the one form of RFC 8785, so that equal facts have equal bytes: no spaces, shortest escapes, keys in order (the caller gives
/// them so). There are no fractions. Integers beyond 2⁵³ are written as strings, because a JSON number of that size is read differently by different
/// programs. NUL and lone surrogates, which databases and parsers refuse, become the six characters of their escape.
/// </summary>
public sealed class CanonicalJson
{
    private const long LargestExact = (1L << 53) - 1;

    private static readonly SearchValues<char> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(c => (char)c), '"', '\\', .. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

    private readonly ArrayBufferWriter<byte> bytes = new(512);
    private bool needsComma;

    public ReadOnlySpan<byte> Written => bytes.WrittenSpan;

    public void Clear()
    {
        bytes.ResetWrittenCount();
        needsComma = false;
    }

    public void StartObject() => Open((byte)'{');

    public void EndObject() => Close((byte)'}');

    public void StartArray() => Open((byte)'[');

    public void EndArray() => Close((byte)']');

    /// <summary>A key. Keys of one object must come in the order of their UTF-16 code units.</summary>
    public void Key(string name)
    {
        String(name);
        Append((byte)':');
        needsComma = false;
    }

    public void Integer(long value)
    {
        if (value is > LargestExact or < -LargestExact)
        {
            String(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return;
        }

        Separate();
        var span = bytes.GetSpan(20);
        Utf8Formatter.TryFormat(value, span, out var written);
        bytes.Advance(written);
    }

    public void Boolean(bool value)
    {
        Separate();
        bytes.Write(value ? "true"u8 : "false"u8);
    }

    public void Null()
    {
        Separate();
        bytes.Write("null"u8);
    }

    public void String(string value)
    {
        Separate();
        Append((byte)'"');

        for (var rest = value.AsSpan(); !rest.IsEmpty;)
        {
            var plain = rest.IndexOfAny(Special);

            if (plain != 0)
            {
                var run = plain < 0 ? rest : rest[..plain];
                bytes.Advance(Encoding.UTF8.GetBytes(run, bytes.GetSpan(run.Length * 3)));
                rest = rest[run.Length..];
                continue;
            }

            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) == OperationStatus.Done && rune.Value > 0xFFFF)
            {
                bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
            }
            else
            {
                Escape(rest[0]);
            }

            rest = rest[length..];
        }

        Append((byte)'"');
    }

    private void Escape(char c)
    {
        switch (c)
        {
            case '"' or '\\':
                Append((byte)'\\');
                Append((byte)c);
                break;
            case '\b' or '\t' or '\n' or '\f' or '\r':
                Append((byte)'\\');
                Append("btn\0fr"u8[c - '\b']);
                break;
            default:
                // A second backslash makes it text instead of an escape where no reader could take the escape.
                bytes.Write(c is '\0' or >= '\uD800' ? "\\\\u"u8 : "\\u"u8);
                Utf8Formatter.TryFormat((uint)c, bytes.GetSpan(4), out var written, new StandardFormat('x', 4));
                bytes.Advance(written);
                break;
        }
    }

    private void Open(byte bracket)
    {
        Separate();
        Append(bracket);
        needsComma = false;
    }

    private void Close(byte bracket)
    {
        Append(bracket);
        needsComma = true;
    }

    private void Separate()
    {
        if (needsComma)
        {
            Append((byte)',');
        }

        needsComma = true;
    }

    private void Append(byte value)
    {
        bytes.GetSpan(1)[0] = value;
        bytes.Advance(1);
    }
}

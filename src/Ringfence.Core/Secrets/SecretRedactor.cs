using System.Buffers;
using System.Text;

namespace Ringfence.Secrets;

/// <summary>
/// Takes the exact values of a run's secrets out of text before it is written anywhere: raw, base64 at any alignment, hex, URL-encoded,
/// JSON- and HTML-escaped. It knows these values and nothing else: no guessing, so nothing innocent is lost.
/// </summary>
public sealed class SecretRedactor
{
    private readonly Form[] forms;

    public SecretRedactor(IEnumerable<SecretValue> secrets)
    {
        // Longest first: where two forms begin together the whole of the longer one goes.
        forms = [.. secrets.SelectMany(s => SecretForms.Of(s.Value).Select(f => new Form(f, s, Encoding.UTF8.GetBytes(s.Marker))))
            .Where(f => f.Bytes.Length >= SecretValue.MinLength).OrderByDescending(f => f.Bytes.Length)];
    }

    public static SecretRedactor None { get; } = new([]);

    public bool IsEmpty => forms.Length == 0;

    /// <summary>The longest form: a stream holds back less than that.</summary>
    internal int Longest => forms.Length == 0 ? 1 : forms[0].Bytes.Length;

    /// <summary>True when a secret was in it; then <paramref name="redacted"/> is the text without, and <paramref name="names"/> says which. Allocates only then.</summary>
    public bool TryRedact(ReadOnlySpan<byte> text, out byte[] redacted, out IReadOnlyList<string> names)
    {
        if (!Contains(text))
        {
            (redacted, names) = ([], []);
            return false;
        }

        var output = new ArrayBufferWriter<byte>(text.Length);
        var stream = OpenStream();
        stream.Push(text, output);
        stream.Complete(output);
        (redacted, names) = (output.WrittenSpan.ToArray(), stream.Found);
        return true;
    }

    /// <summary>The text without secrets.</summary>
    public string Redact(string text) => !IsEmpty && TryRedact(Encoding.UTF8.GetBytes(text), out var redacted, out _) ? Encoding.UTF8.GetString(redacted) : text;

    public bool Contains(ReadOnlySpan<byte> text)
    {
        foreach (var form in forms)
        {
            if (text.IndexOf(form.Bytes) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>For text that comes in chunks. A value that is split over chunks is found too.</summary>
    /// <param name="keepLength">Stars instead of the marker, as many as the value has bytes: for formats that count, such as an HTTP body.</param>
    public SecretRedaction OpenStream(bool keepLength = false) => new(this, forms, keepLength);

    internal sealed record Form(byte[] Bytes, SecretValue Secret, byte[] Marker);
}

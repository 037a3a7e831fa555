using System.Buffers;

namespace Ringfence.Secrets;

/// <summary>One stream of text on its way through a <see cref="SecretRedactor"/>. Holds back only what may be
/// the beginning of a value. Not thread-safe.</summary>
public sealed class SecretRedaction
{
    private readonly SecretRedactor.Form[] forms;
    private readonly int longest;
    private readonly bool keepLength;
    private readonly HashSet<string> found = [];
    private readonly int[] next;
    private byte[] held = [];

    // Bytes at the start of `held` that are part of a value already replaced; kept because a second value may begin inside the first.
    private int covered;

    internal SecretRedaction(SecretRedactor redactor, SecretRedactor.Form[] forms, bool keepLength)
    {
        this.keepLength = keepLength;
        this.forms = forms;
        longest = redactor.Longest;
        next = new int[forms.Length];
    }

    /// <summary>Names of the secrets that were taken out so far.</summary>
    public IReadOnlyList<string> Found => [.. found];

    /// <summary>Writes what is certain to be clean; the end of the chunk may stay behind until the next call.</summary>
    public void Push(ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        if (forms.Length == 0)
        {
            output.Write(chunk);
            return;
        }

        Process([.. held, .. chunk], final: false, output);
    }

    /// <summary>Writes what was held back. The stream is at its start again afterwards.</summary>
    public void Complete(IBufferWriter<byte> output)
    {
        Process(held, final: true, output);
        (held, covered) = ([], 0);
    }

    private void Process(byte[] text, bool final, IBufferWriter<byte> output)
    {
        var certain = final ? text.Length : FirstUndecided(text);
        var (from, written) = (0, covered);
        Array.Fill(next, -1);

        while (Earliest(text, from) is var (at, form) && at < certain)
        {
            var end = at + form.Bytes.Length;

            if (at >= written)
            {
                output.Write(text.AsSpan(written..at));
                written = at;
                output.Write(keepLength ? [] : form.Marker);
            }

            if (keepLength && end > written)
            {
                output.GetSpan(end - written)[..(end - written)].Fill((byte)'*');
                output.Advance(end - written);
            }

            found.Add(form.Secret.Name);
            written = Math.Max(written, end);
            from = at + 1;
        }

        if (written < certain)
        {
            output.Write(text.AsSpan(written..certain));
            written = certain;
        }

        held = text[certain..];
        covered = written - certain;
    }

    // The first place from which the text, to its end, is the beginning of a form: what comes next decides. Everything before it can go on
    // at once, so that a stream that pauses is not kept waiting for its last bytes.
    private int FirstUndecided(byte[] text)
    {
        for (var at = Math.Max(0, text.Length - longest + 1); at < text.Length; at++)
        {
            foreach (var form in forms)
            {
                if (form.Bytes.Length > text.Length - at && form.Bytes.AsSpan().StartsWith(text.AsSpan(at)))
                {
                    return at;
                }
            }
        }

        return text.Length;
    }

    // Each form's next place is remembered until it is passed, so a text is searched once per form however many values are in it.
    private (int At, SecretRedactor.Form Form) Earliest(byte[] text, int from)
    {
        var (best, winner) = (int.MaxValue, 0);

        for (var i = 0; i < forms.Length; i++)
        {
            if (next[i] < from)
            {
                var at = text.AsSpan(from).IndexOf(forms[i].Bytes);
                next[i] = at < 0 ? int.MaxValue : from + at;
            }

            if (next[i] < best)
            {
                (best, winner) = (next[i], i);
            }
        }

        return (best, forms.Length > 0 ? forms[winner] : null!);
    }
}

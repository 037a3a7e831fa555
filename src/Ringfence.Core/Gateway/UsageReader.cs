using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>
/// Taps the usage of one response as its bytes pass, however they are cut. Server-sent events and plain JSON are told apart by the content type, and
/// each wire reads the same events or documents in either.
/// </summary>
public abstract class UsageReader
{
    /// <summary>Longest event or document that is read for its usage. Larger ones pass, but their usage counts as unknown.</summary>
    private const int MaxKept = 16 << 20;

    private byte[] kept = new byte[4096];
    private int length;
    private int scanned;
    private bool overflowed;

    /// <summary>Set before the first byte from the response's content type.</summary>
    public bool IsEventStream { get; set; }

    /// <summary>The usage, once a final and credible report of it has passed; null before, and when none came.</summary>
    public Usage? Final { get; protected set; }

    public string? StopReason { get; protected set; }

    public string? Model { get; protected set; }

    /// <summary>The provider said that the answer is whole.</summary>
    public bool IsComplete { get; protected set; }

    /// <summary>An error that arrived inside a response that had begun well.</summary>
    public string? MidwayError { get; protected set; }

    /// <summary>Takes the next bytes, decompressed, of any length.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (overflowed)
        {
            return;
        }

        if (IsEventStream && length == 0)
        {
            bytes = ReadWholeEvents(bytes);
        }

        if (bytes.IsEmpty)
        {
            return;
        }

        if (length + bytes.Length > MaxKept)
        {
            overflowed = true;
            kept = [];
            return;
        }

        if (length + bytes.Length > kept.Length)
        {
            Array.Resize(ref kept, Math.Max(length + bytes.Length, kept.Length * 2));
        }

        bytes.CopyTo(kept.AsSpan(length));
        length += bytes.Length;

        if (IsEventStream)
        {
            var rest = ReadWholeEvents(kept.AsSpan(0, length));
            rest.CopyTo(kept);
            length = rest.Length;
        }
    }

    /// <summary>The body has ended, whole or cut.</summary>
    public void Complete()
    {
        if (IsEventStream)
        {
            // A last line without its newline: some servers end so.
            ReadLine(kept.AsSpan(0, length));
        }
        else if (length > 0 && !overflowed)
        {
            OnJson(kept.AsSpan(0, length));
        }
    }

    /// <summary>One event's data, or one whole document.</summary>
    protected abstract void OnJson(ReadOnlySpan<byte> json);

    /// <summary>True when an event may matter; called for every event of a stream, so it must be cheap.</summary>
    protected virtual bool Matters(ReadOnlySpan<byte> data) => data.IndexOf("\"usage\""u8) >= 0 || data.IndexOf("\"error\""u8) >= 0;

    private ReadOnlySpan<byte> ReadWholeEvents(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var end = bytes[scanned..].IndexOf((byte)'\n');

            if (end < 0)
            {
                scanned = bytes.Length;
                break;
            }

            ReadLine(bytes[..(scanned + end)]);
            bytes = bytes[(scanned + end + 1)..];
            scanned = 0;
        }

        return bytes;
    }

    // Providers send one `data:` line per event; the event's name is repeated inside its JSON.
    private void ReadLine(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("data:"u8) && Matters(line))
        {
            OnJson(line[5..].Trim(" \r\n"u8));
        }
    }
}

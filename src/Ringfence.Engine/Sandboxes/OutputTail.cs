using System.Text;

namespace Ringfence.Sandboxes;

/// <summary>The end of what a command printed, within a fixed size, with the cut stated. Several streams may feed it.</summary>
public sealed class OutputTail(int capacity)
{
    private readonly Lock gate = new();
    private readonly byte[] ring = new byte[capacity];
    private long seen;

    /// <summary>Bytes printed in all.</summary>
    public long Seen
    {
        get
        {
            lock (gate)
            {
                return seen;
            }
        }
    }

    public async Task FillAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 << 10];

        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            Add(buffer.AsSpan(0, count));
        }
    }

    public byte[] ToArray()
    {
        lock (gate)
        {
            var kept = (int)Math.Min(seen, ring.Length);
            var result = new byte[kept];

            for (var i = 0; i < kept; i++)
            {
                result[i] = ring[(seen - kept + i) % ring.Length];
            }

            return result;
        }
    }

    /// <summary>The text, with a first line that says how much is missing before it.</summary>
    public override string ToString()
    {
        var bytes = ToArray();
        var text = Encoding.UTF8.GetString(bytes);
        return bytes.Length == Seen ? text : $"[{Seen - bytes.Length:N0} bytes before this are not shown]\n{text}";
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            // What is more than the ring holds is counted first: a byte's place follows from how many came before it.
            var passed = Math.Max(0, bytes.Length - ring.Length);
            seen += passed;

            foreach (var b in bytes[passed..])
            {
                ring[seen++ % ring.Length] = b;
            }
        }
    }
}

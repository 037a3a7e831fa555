using System.Runtime.CompilerServices;
using System.Text;

namespace Ringfence.Agent.Models;

/// <summary>Server-sent events, of which the providers use the data lines alone.</summary>
internal static class SseReader
{
    public static async IAsyncEnumerable<string> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 16 * 1024, leaveOpen: true);
        StringBuilder? rest = null;
        string? data = null;

        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                if (data is not null)
                {
                    yield return rest is null ? data : rest.ToString();
                }

                (data, rest) = (null, null);
            }
            else if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                var part = line.AsSpan(5);
                part = part.StartsWith(" ") ? part[1..] : part;

                if (data is null)
                {
                    data = part.ToString();
                }
                else
                {
                    rest = (rest ?? new StringBuilder(data)).Append('\n').Append(part);
                }
            }
        }

        // Some servers close right after the last data line, without the blank line that ends an event.
        if (data is not null)
        {
            yield return rest is null ? data : rest.ToString();
        }
    }
}

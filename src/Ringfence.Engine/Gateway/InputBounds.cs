using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>
/// Bounds the input tokens of a request. A token is at least one byte, so a body's length is a bound; where the request extends one whose usage is
/// known, that usage and the new bytes are a far tighter one. Compared by content, so nothing that an agent says can loosen it.
/// </summary>
internal sealed class InputBounds : IDisposable
{
    /// <summary>What providers add around a request: the tool preamble, role markers, and the definition of a tool they keep.</summary>
    private const long Overhead = 2_048;

    /// <summary>More than any current model charges for one picture.</summary>
    private const long PerImage = 6_000;

    /// <summary>Cutting text elsewhere can split tokens at the seams.</summary>
    private const long Seams = 256;

    private const int MostRemembered = 6;

    private readonly Lock gate = new();
    private readonly LinkedList<Settled> settled = new();

    public (long Input, long LargestPass) Of(ReadOnlySpan<byte> body, CallFacts facts, ModelPrice price)
    {
        if (facts.InputUnbounded)
        {
            return (checked(price.MaxInput * facts.Passes), price.MaxInput);
        }

        var bound = body.Length + Overhead + (facts.Images * PerImage);

        lock (gate)
        {
            foreach (var earlier in settled)
            {
                if (earlier.Model == price.Model)
                {
                    bound = Math.Min(bound, earlier.Tokens + Added(earlier.Body.Span, body, facts) + Seams);
                }
            }
        }

        // The provider refuses what does not fit into the window, and charges nothing for refusing.
        bound = Math.Min(bound, price.MaxInput);
        return (bound, bound);
    }

    /// <summary>Remembers a request and what its input really was. Takes the body over.</summary>
    public void Remember(string model, RequestBytes body, long inputTokens)
    {
        lock (gate)
        {
            settled.AddFirst(new Settled(model, body, inputTokens));

            // The one that it extends is of no more use.
            for (var node = settled.First!.Next; node is not null; node = node.Next)
            {
                if (settled.Count > MostRemembered || node.Value.Body.Span.CommonPrefixLength(body.Span) > node.Value.Body.Span.Length * 3 / 4)
                {
                    node.Value.Body.Dispose();
                    settled.Remove(node);
                    break;
                }
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var earlier in settled)
            {
                earlier.Body.Dispose();
            }

            settled.Clear();
        }
    }

    private static long Added(ReadOnlySpan<byte> earlier, ReadOnlySpan<byte> body, CallFacts facts)
    {
        var prefix = earlier.CommonPrefixLength(body);
        var a = earlier[prefix..];
        var b = body[prefix..];
        var suffix = CommonSuffixLength(a, b);
        var added = b[..^suffix];
        return added.Length + (added.IndexOf("image"u8) >= 0 ? facts.Images * PerImage : 0);
    }

    private static int CommonSuffixLength(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        const int Block = 256;
        var length = 0;

        // By blocks while they are equal, then by bytes: bodies are hundreds of kilobytes.
        while (a.Length >= length + Block && b.Length >= length + Block
            && a.Slice(a.Length - length - Block, Block).SequenceEqual(b.Slice(b.Length - length - Block, Block)))
        {
            length += Block;
        }

        while (length < a.Length && length < b.Length && a[^(length + 1)] == b[^(length + 1)])
        {
            length++;
        }

        return length;
    }

    private sealed record Settled(string Model, RequestBytes Body, long Tokens);
}

using Ringfence.Audit;

namespace Ringfence.Gateway;

/// <summary>Records what each request of a run put before the model, and what it no longer did.</summary>
internal sealed class ContextWatch(IReadOnlyList<string> pins)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Followed> conversations = new(StringComparer.Ordinal);

    /// <summary>Compares a request with what came before it in its conversation. The facts are for after the request has been recorded.</summary>
    public ContextSeen Look(string call, string? conversation, ReadOnlySpan<byte> body, IModelWire wire, IRecorder recorder)
    {
        var parts = ContextParts.Of(body, wire.Parts(body));

        lock (gate)
        {
            if (!conversations.TryGetValue(conversation ?? "", out var followed))
            {
                conversations[conversation ?? ""] = followed = new Followed();
            }

            var step = followed.History.Next(parts);
            var pinned = conversation is not null || Holds(body, pins);
            var changed = step.Kind ?? (pinned || !followed.HadPins ? null : "edited_prefix");
            followed.HadPins = pinned;
            var segments = new List<ContextSegment>(step.Added.Count);

            foreach (var part in step.Added)
            {
                // The content itself, once: what a call saw can be put together again from its parts.
                recorder.Keep(body.Slice(part.Start, part.Bytes));
                segments.Add(new ContextSegment(part.Kind, part.Digest, part.Bytes, 0, "request"));
            }

            return new ContextSeen(
                ContextParts.Prefixes(parts), new ContextComposed(call, segments),
                changed is null ? null : new ContextChanged(call, changed, step.Dropped, followed.Tokens, 0, pinned), followed);
        }
    }

    private static bool Holds(ReadOnlySpan<byte> body, IReadOnlyList<string> pins)
    {
        foreach (var pin in pins)
        {
            if (!ContextParts.Holds(body, pin))
            {
                return false;
            }
        }

        return true;
    }

    internal sealed class Followed
    {
        public ContextHistory History { get; } = new();

        public bool HadPins { get; set; } = true;

        /// <summary>Input of the latest call whose usage is known.</summary>
        public long Tokens { get; set; }
    }
}

/// <param name="Changed">Complete but for the tokens after, which only the answer tells.</param>
internal sealed record ContextSeen(
    IReadOnlyList<string> Prefixes, ContextComposed Composed, ContextChanged? Changed, ContextWatch.Followed Followed);

using Ringfence.Runs;

namespace Ringfence.Audit;

/// <summary>What is wrong with a record, and where.</summary>
/// <param name="Code"><c>missing</c>, <c>altered</c>, <c>hash_altered</c>, <c>moved</c>, <c>truncated</c>, <c>counts</c>, <c>unreadable</c>, <c>signature</c>.</param>
/// <param name="Seq">The event; -1 when it is about the whole run.</param>
public sealed record ChainProblem(string Code, long Seq, string Message);

/// <summary>Follows one chain, event by event, and names what does not fit.</summary>
internal sealed class ChainWalk(RunId run)
{
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly List<ChainProblem> problems = [];
    private readonly byte[] previous = EventHash.Genesis.ToArray();
    private readonly byte[] computed = new byte[EventHash.Size];
    private long next;
    private bool doubted;

    public IReadOnlyList<ChainProblem> Problems => problems;

    public long Events { get; private set; }

    public ReadOnlySpan<byte> Head => previous;

    /// <summary>The counts in the run's last event, once it was seen.</summary>
    public RunEnded? Ended { get; private set; }

    public void Next(ChainRow row)
    {
        if (row.Seq != next)
        {
            problems.Add(new("missing", next, row.Seq == next + 1 ? $"Event {next} is missing." : $"Events {next} to {row.Seq - 1} are missing."));
        }

        CheckHash(row);
        CheckPlace(row);
        counts[row.Type] = counts.GetValueOrDefault(row.Type) + 1;
        next = row.Seq + 1;
        Events++;
    }

    private void CheckHash(ChainRow row)
    {
        Span<byte> expected = stackalloc byte[EventHash.Size];
        EventHash.Compute(previous, row.Body, expected);
        var follows = expected.SequenceEqual(row.Hash);

        // When the event before did not match its hash, either its body or its hash was altered. If this one follows from the hash that its
        // body has, it was the hash.
        if (doubted && !follows)
        {
            Span<byte> repaired = stackalloc byte[EventHash.Size];
            EventHash.Compute(computed, row.Body, repaired);

            if (repaired.SequenceEqual(row.Hash))
            {
                problems[^1] = new("hash_altered", row.Seq - 1, $"The hash of event {row.Seq - 1} was altered.");
                follows = true;
            }
        }

        // After a hole nothing can follow; the hole is named already.
        doubted = !follows && row.Seq == next;

        if (doubted)
        {
            problems.Add(new("altered", row.Seq, $"Event {row.Seq} ({row.Type}) was altered."));
        }

        expected.CopyTo(computed);
        row.Hash.AsSpan(0, Math.Min(row.Hash.Length, EventHash.Size)).CopyTo(previous);
    }

    private void CheckPlace(ChainRow row)
    {
        if (AuditEvent.TryParse(row.Body) is not { } parsed)
        {
            problems.Add(new("unreadable", row.Seq, $"Event {row.Seq} cannot be read."));
            return;
        }

        if (parsed.Seq != row.Seq || parsed.Run != run || parsed.Type != row.Type)
        {
            problems.Add(new("moved", row.Seq, $"Event {row.Seq} says of itself that it is event {parsed.Seq} ({parsed.Type}) of run {parsed.Run}."));
        }

        if (Ended is not null)
        {
            problems.Add(new("counts", row.Seq, $"Event {row.Seq} comes after the end of the run."));
        }

        if (parsed.Type == "run.ended" && parsed.Fact is RunEnded ended)
        {
            Ended = ended;
            CheckCounts(row.Seq, ended);
        }
    }

    private void CheckCounts(long seq, RunEnded ended)
    {
        foreach (var type in ended.EventCounts.Keys.Union(counts.Keys))
        {
            var (said, found) = (ended.EventCounts.GetValueOrDefault(type), counts.GetValueOrDefault(type));

            if (said != found)
            {
                problems.Add(new("counts", seq, $"The run's end speaks of {said} events {type}; there are {found}."));
            }
        }
    }
}

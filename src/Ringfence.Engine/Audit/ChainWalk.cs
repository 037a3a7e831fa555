using System.Text;
using Ringfence.Runs;

namespace Ringfence.Audit;

/// <summary>What is wrong with a record, and where.</summary>
/// <param name="Code">
/// <c>missing</c>, <c>altered</c>, <c>hash_altered</c>, <c>moved</c>, <c>truncated</c>, <c>counts</c>, <c>unreadable</c>, <c>digest</c>. Never renamed.
/// </param>
/// <param name="Seq">The event; -1 when it is about the whole run.</param>
public sealed record ChainProblem(string Code, long Seq, string Message);

/// <summary>Follows one chain, event by event, and names what does not fit. Allocates only for what is wrong.</summary>
internal sealed class ChainWalk(RunId run)
{
    private readonly byte[] runName = Encoding.UTF8.GetBytes(run.Value);
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly List<ChainProblem> problems = [];
    private readonly byte[] previous = EventHash.Genesis.ToArray();
    private readonly byte[] computed = new byte[EventHash.Size];
    private long next;
    private bool doubted;
    private bool ended;

    public RunId Run => run;

    public IReadOnlyList<ChainProblem> Problems => problems;

    public long Events { get; private set; }

    /// <summary>Hash of the last event as stored.</summary>
    public ReadOnlySpan<byte> Head => previous;

    public bool HasEnd => ended;

    public void Next(long seq, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body, ReadOnlySpan<byte> hash)
    {
        if (seq != next)
        {
            problems.Add(new("missing", next, seq == next + 1 ? $"Event {next} is missing." : $"Events {next} to {seq - 1} are missing."));
        }

        CheckHash(seq, type, body, hash);
        CheckPlace(seq, type, body);
        next = seq + 1;
        Events++;
    }

    /// <summary>What can be told only after the last event.</summary>
    public void Finish(RunStatus? status)
    {
        if (!ended && status is { } known && RunTransitions.HasEnded(known))
        {
            problems.Add(new("truncated", Events, $"The run has ended, but its record stops before run.ended, after {Events} events."));
        }
    }

    private void CheckHash(long seq, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body, ReadOnlySpan<byte> hash)
    {
        Span<byte> expected = stackalloc byte[EventHash.Size];
        EventHash.Compute(previous, body, expected);
        var follows = expected.SequenceEqual(hash);

        // When the event before did not match its hash, either its body or its hash was altered. If this one follows from the hash that its
        // body has, it was the hash.
        if (doubted && !follows)
        {
            Span<byte> repaired = stackalloc byte[EventHash.Size];
            EventHash.Compute(computed, body, repaired);

            if (repaired.SequenceEqual(hash))
            {
                problems[^1] = new("hash_altered", seq - 1, $"The hash of event {seq - 1} was altered.");
                follows = true;
            }
        }

        // After a hole nothing can follow; the hole is named already.
        doubted = !follows && seq == next;

        if (doubted)
        {
            problems.Add(new("altered", seq, $"Event {seq} ({Printable.Escape(type)}) was altered."));
        }

        expected.CopyTo(computed);
        hash[..Math.Min(hash.Length, EventHash.Size)].CopyTo(previous);
    }

    private void CheckPlace(long seq, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        if (!EventEnvelope.TryRead(body, out var envelope))
        {
            problems.Add(new("unreadable", seq, $"Event {seq} cannot be read."));
            return;
        }

        if (envelope.Seq != seq || !envelope.Run.SequenceEqual(runName) || !envelope.Type.SequenceEqual(type))
        {
            problems.Add(new(
                "moved", seq,
                $"Event {seq} says of itself that it is event {envelope.Seq} ({Printable.Escape(envelope.Type)}) of run {Printable.Escape(envelope.Run)}."));
        }

        if (ended)
        {
            problems.Add(new("counts", seq, $"Event {seq} comes after the end of the run."));
        }

        if (envelope.Type.SequenceEqual("run.ended"u8))
        {
            ended = true;
            CheckCounts(seq, body);
        }

        Count(type);
    }

    private void Count(ReadOnlySpan<byte> type)
    {
        Span<char> name = stackalloc char[64];
        var length = Encoding.Latin1.GetChars(type[..Math.Min(type.Length, name.Length)], name);
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
            counts.GetAlternateLookup<ReadOnlySpan<char>>(), name[..length], out _)++;
    }

    private void CheckCounts(long seq, ReadOnlySpan<byte> body)
    {
        if (AuditEvent.TryParse(body.ToArray())?.Fact is not RunEnded end)
        {
            return;
        }

        foreach (var type in end.EventCounts.Keys.Union(counts.Keys))
        {
            var (said, found) = (end.EventCounts.GetValueOrDefault(type), counts.GetValueOrDefault(type));

            if (said != found)
            {
                problems.Add(new("counts", seq, $"The run's end speaks of {said} events {type}; there are {found}."));
            }
        }
    }
}

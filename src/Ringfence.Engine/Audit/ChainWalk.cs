using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
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
    private readonly List<(byte[] Type, long Found)> counts = [];
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

    public void Next(long seq, ReadOnlySpan<byte> body, ReadOnlySpan<byte> hash)
    {
        if (seq != next)
        {
            problems.Add(new("missing", next, seq == next + 1 ? $"Event {next} is missing." : $"Events {next} to {seq - 1} are missing."));
        }

        CheckHash(seq, body, hash);
        CheckPlace(seq, body);
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

    private void CheckHash(long seq, ReadOnlySpan<byte> body, ReadOnlySpan<byte> hash)
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
            problems.Add(new("altered", seq, $"Event {seq} was altered."));
        }

        expected.CopyTo(computed);
        hash[..Math.Min(hash.Length, EventHash.Size)].CopyTo(previous);
    }

    private void CheckPlace(long seq, ReadOnlySpan<byte> body)
    {
        if (!EventEnvelope.TryRead(body, out var envelope))
        {
            problems.Add(new("unreadable", seq, $"Event {seq} cannot be read."));
            return;
        }

        if (envelope.Seq != seq || !envelope.Run.SequenceEqual(runName))
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

        Count(envelope.Type);
    }

    // A run has some twenty types: looking along them is quicker than hashing a name.
    private void Count(ReadOnlySpan<byte> type)
    {
        foreach (ref var count in CollectionsMarshal.AsSpan(counts))
        {
            if (type.SequenceEqual(count.Type))
            {
                count.Found++;
                return;
            }
        }

        counts.Add((type.ToArray(), 1));
    }

    private void CheckCounts(long seq, ReadOnlySpan<byte> body)
    {
        if (!TryReadCounts(body, out var said))
        {
            return;
        }

        foreach (var (type, found) in counts)
        {
            Compare(Encoding.UTF8.GetString(type), said.GetValueOrDefault(Encoding.UTF8.GetString(type)), found);
            said.Remove(Encoding.UTF8.GetString(type));
        }

        foreach (var (type, count) in said)
        {
            Compare(type, count, 0);
        }

        void Compare(string type, long said, long found)
        {
            if (said != found)
            {
                problems.Add(new("counts", seq, $"The run's end speaks of {said} events {Printable.Escape(type)}; there are {found}."));
            }
        }
    }

    // The one part of one event that is looked at; a run of a hundred events has one such, and reading all of it would show.
    private static bool TryReadCounts(ReadOnlySpan<byte> body, out Dictionary<string, long> counts)
    {
        counts = new(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(body);

        try
        {
            while (reader.Read() && !(reader.TokenType is JsonTokenType.PropertyName && reader.ValueTextEquals("event_counts"u8)))
            {
            }

            reader.Read();

            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var type = reader.GetString()!;
                reader.Read();
                counts[type] = reader.GetInt64();
            }

            return reader.TokenType is JsonTokenType.EndObject;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }
}

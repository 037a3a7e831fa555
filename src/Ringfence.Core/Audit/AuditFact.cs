using System.Text.Json.Serialization;

namespace Ringfence.Audit;

/// <summary>How a fact is known. It is a field because most disputes about a run are about exactly this.</summary>
public enum Trust
{
    /// <summary>The boundary saw it: an execve, a door, a git tree, the gateway's meter.</summary>
    Observed,

    /// <summary>The agent said it.</summary>
    Reported,

    /// <summary>We concluded it.</summary>
    Inferred,
}

/// <summary>
/// A fact before the recorder gives it its place in the chain. Each type is a record beside its family (<c>RunFacts.cs</c>, <c>ModelFacts.cs</c>, …);
/// its public properties are the event's data: integers, strings, booleans, and lists or records of those, because the hash must not depend
/// on how a number is printed. Adding a property or a type is free; renaming either breaks old records.
/// </summary>
public abstract record AuditFact
{
    /// <summary>The event type, such as <c>run.started</c>.</summary>
    [JsonIgnore]
    public abstract string Type { get; }

    [JsonIgnore]
    public Trust Trust { get; init; } = Trust.Observed;

    /// <summary>Model request on the main conversation during which it happened, from 1; 0 before the first.</summary>
    [JsonIgnore]
    public int Turn { get; init; }

    /// <summary>Keeps sub-agents and side calls apart; null is the main conversation.</summary>
    [JsonIgnore]
    public string? Conversation { get; init; }

    /// <summary>Sequence numbers of earlier events of the same run that led to this one.</summary>
    [JsonIgnore]
    public IReadOnlyList<long> Causes { get; init; } = [];
}

/// <summary>
/// Takes facts in order. One per run, so that sequence numbers are dense; safe to call from any thread. Two kinds exist: the store's, and the
/// JSON Lines file of a sandbox that runs alone.
/// </summary>
public interface IRecorder
{
    /// <summary>
    /// Puts the fact in its place and returns its sequence number. Blocks when the writer is behind: back-pressure slows the run, it never
    /// drops a fact. Throws <see cref="RecordUnavailableException"/> once the record cannot be written any more.
    /// </summary>
    long Append(AuditFact fact);

    /// <summary>
    /// Returns when everything appended before is durable. What concerns a person or money awaits this before it takes effect.
    /// Throws <see cref="RecordUnavailableException"/> when it could not be written.
    /// </summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);

    /// <summary>Keeps content apart from the chain, under a key of the run, and returns its SHA-256 as lower-case hex.</summary>
    string Keep(ReadOnlySpan<byte> content);
}

/// <summary>The record cannot be written (disk full, database gone). The run that it belongs to stops: what is not recorded does not happen.</summary>
public sealed class RecordUnavailableException : IOException
{
    public RecordUnavailableException()
    {
    }

    public RecordUnavailableException(string message)
        : base(message)
    {
    }

    public RecordUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

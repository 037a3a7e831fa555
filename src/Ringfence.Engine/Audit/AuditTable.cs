namespace Ringfence.Audit;

/// <summary>An answer: names of the columns, then rows of integers, strings, booleans and nulls.</summary>
/// <param name="More">There were more rows than were asked for.</param>
public sealed record AuditTable(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<object?>> Rows, bool More = false);

/// <summary>What an answer is narrowed to. Everything that is null does not narrow.</summary>
public sealed record AuditFilter
{
    /// <summary>The word itself: a path, host, program, secret, digest, commit or gate, whatever the question is about.</summary>
    public string? Term { get; init; }

    public string? Run { get; init; }

    public string? Workflow { get; init; }

    /// <summary>Words that must stand beside each other in the command line, in this order.</summary>
    public string? Text { get; init; }

    /// <summary>Microseconds UTC, inclusive. Sums count whole runs: those whose record began in time.</summary>
    public long? Since { get; init; }

    /// <summary>Microseconds UTC, exclusive.</summary>
    public long? Until { get; init; }

    /// <summary>Network: allowed or denied alone.</summary>
    public bool? Allowed { get; init; }

    /// <summary>Rows at most, 1 to 100,000.</summary>
    public int Limit { get; init; } = 100;
}

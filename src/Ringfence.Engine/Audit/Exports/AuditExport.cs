using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>The forms in which records leave. Each is one line of JSON at a time, so that any amount flows in bounded memory.</summary>
public enum ExportFormat
{
    /// <summary>The native form: <c>{"event":…,"hash":…}</c> with the event's bytes as they were hashed, so that the chain can be checked elsewhere.</summary>
    Jsonl,

    /// <summary>CloudEvents 1.0, structured mode.</summary>
    CloudEvents,

    /// <summary>OpenTelemetry traces, OTLP/JSON, one request per run, with the names of the GenAI conventions 1.38 (experimental).</summary>
    Otlp,

    /// <summary>in-toto statements with SLSA provenance 1, one per published commit.</summary>
    InToto,
}

/// <summary>
/// Writes records in the order in which runs ended, so that an export can be gone on with: <see cref="ExportAsync"/> returns where the next one starts.
/// </summary>
public sealed class AuditExport(Database database)
{
    /// <param name="since">Runs that ended at or after, microseconds UTC.</param>
    /// <param name="run">One run, ended or not; null for all that ended.</param>
    /// <returns>How many events were exported, and the <c>since</c> for the next time.</returns>
    public async Task<(long Events, long Next)> ExportAsync(
        ExportFormat format, long since, RunId? run, string by, TextWriter output, CancellationToken cancellationToken)
    {
        var runs = await database.QueryAsync(
            run is null
                ? "select c.number, c.run, r.ended_us from runs r join chains c on c.run = r.id where r.ended_us >= @since order by r.ended_us, r.id"
                : "select number, run, cast(null as bigint) from chains where run = @run",
            row => (Chain: row.GetInt64(0), Run: new RunId(row.GetString(1)), Ended: row.IsDBNull(2) ? since : row.GetInt64(2)), cancellationToken,
            run is null ? ("since", since) : ("run", run.Value));

        var count = 0L;
        var next = since;

        foreach (var (chain, id, ended) in runs)
        {
            count += await WriteAsync(format, chain, id, output, cancellationToken);
            next = run is null ? ended + 1 : since;
        }

        await output.FlushAsync(cancellationToken);
        await StoreRecord.CommitAsync(
            database, new AuditExported(format.ToString().ToLowerInvariant(), by, count), _ => Task.CompletedTask, cancellationToken);
        return (count, next);
    }

    private async Task<long> WriteAsync(ExportFormat format, long chain, RunId run, TextWriter output, CancellationToken cancellationToken)
    {
        var count = 0L;

        if (format is ExportFormat.Otlp or ExportFormat.InToto)
        {
            var events = await new AuditReader(database).AllAsync(run, cancellationToken);
            var lines = format is ExportFormat.Otlp ? OtlpTrace.Lines(run, events) : InTotoStatement.Lines(run, events);

            foreach (var line in lines)
            {
                await output.WriteLineAsync(line.AsMemory(), cancellationToken);
            }

            return events.Count;
        }

        await foreach (var row in ChainRows.ReadAsync(database, chain, cancellationToken))
        {
            var line = format is ExportFormat.Jsonl
                ? $"{{\"event\":{System.Text.Encoding.UTF8.GetString(row.Body)},\"hash\":\"{Convert.ToHexStringLower(row.Hash)}\"}}"
                : AuditEvent.TryParse(row.Body) is { } parsed ? CloudEvent.Line(parsed) : null;

            if (line is not null)
            {
                await output.WriteLineAsync(line.AsMemory(), cancellationToken);
                count++;
            }
        }

        return count;
    }
}

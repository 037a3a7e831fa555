using System.Runtime.CompilerServices;
using System.Text;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>Reads records. Reading proves nothing: that is <see cref="AuditVerifier"/>'s.</summary>
public sealed class AuditReader(Database database)
{
    /// <summary>Events of a run in order, in bounded memory.</summary>
    /// <param name="after">Only later ones; -1 for all.</param>
    /// <param name="types">Only these types; none for all.</param>
    public async IAsyncEnumerable<AuditEvent> EventsAsync(
        RunId run, long after, IReadOnlyCollection<string> types, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await ChainAsync(run, cancellationToken) is not { } chain)
        {
            yield break;
        }

        await foreach (var row in ChainRows.ReadAsync(database, chain, cancellationToken, after))
        {
            if ((types.Count == 0 || IsOf(row.Body, types)) && AuditEvent.TryParse(row.Body) is { } parsed)
            {
                yield return parsed;
            }
        }
    }

    /// <summary>All events of a run, or those of some types, for a run that fits in memory.</summary>
    public async Task<IReadOnlyList<AuditEvent>> AllAsync(RunId run, CancellationToken cancellationToken, IReadOnlyCollection<string>? types = null)
    {
        var all = new List<AuditEvent>();

        await foreach (var happened in EventsAsync(run, -1, types ?? [], cancellationToken))
        {
            all.Add(happened);
        }

        return all;
    }

    /// <summary>Facts of one kind, typed, in order.</summary>
    public async Task<IReadOnlyList<T>> FactsAsync<T>(RunId run, CancellationToken cancellationToken)
        where T : AuditFact
    {
        var type = ((T)RuntimeHelpers.GetUninitializedObject(typeof(T))).Type;
        var facts = new List<T>();

        await foreach (var happened in EventsAsync(run, -1, [type], cancellationToken))
        {
            if (happened.Fact is T fact)
            {
                facts.Add(fact);
            }
        }

        return facts;
    }

    /// <summary>Content by the digest that an event names, or null when it was never kept, or was purged.</summary>
    public async Task<byte[]?> ContentAsync(RunId run, string digest, CancellationToken cancellationToken)
    {
        if (digest.Length != 64 || !digest.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        var name = Convert.FromHexString(digest);
        var stored = await database.QuerySingleAsync(
            """
            select run_keys.key, blobs.content
              from chains join run_keys on run_keys.chain = chains.number join blobs on blobs.chain = chains.number
             where chains.run = @run and blobs.digest = @digest
            """,
            row => (Key: row.GetFieldValue<byte[]>(0), Content: row.GetFieldValue<byte[]>(1)),
            cancellationToken, ("run", run), ("digest", name));

        return stored.Key is null ? null : ContentSeal.Open(stored.Key, name, stored.Content);
    }

    // Whole JSON is read only for what is asked for.
    private static bool IsOf(byte[] body, IReadOnlyCollection<string> types) =>
        EventEnvelope.TryRead(body, out var envelope) && types.Contains(Encoding.UTF8.GetString(envelope.Type));

    private async Task<long?> ChainAsync(RunId run, CancellationToken cancellationToken) =>
        await database.QuerySingleAsync<long?>("select number from chains where run = @run", row => row.GetInt64(0), cancellationToken, ("run", run));
}

using System.Data.Common;
using System.Security.Cryptography;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>Where a chain ends and what comes next: number, hash, clock and counts. Used under the recorder's order, one caller at a time.</summary>
internal sealed class ChainHead
{
    private const long MicrosecondsPerDay = 86_400_000_000;

    private readonly FactIndex index = new();
    private readonly TimeProvider time;
    private readonly long openedTimestamp;
    private readonly byte[] hash = EventHash.Genesis.ToArray();
    private long monoBefore;

    private ChainHead(RunId run, long chain, byte[] key, TimeProvider time)
    {
        Run = run;
        Chain = chain;
        Key = key;
        this.time = time;
        openedTimestamp = time.GetTimestamp();
    }

    public RunId Run { get; }

    public long Chain { get; }

    public byte[] Key { get; }

    public Dictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    public long NextSeq { get; private set; }

    /// <summary>Hash of the last event, lower-case hex.</summary>
    public string Hash => Convert.ToHexStringLower(hash);

    /// <summary>Digests of the content that is kept already.</summary>
    public HashSet<string> Kept { get; } = new(StringComparer.Ordinal);

    public static async Task<ChainHead> OpenAsync(Database database, RunId run, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var (chain, key) = await database.InTransactionAsync(
                transaction => EnsureAsync(transaction, run, time, cancellationToken), cancellationToken);

            var head = new ChainHead(run, chain, key, time);
            await head.ContinueAsync(database, cancellationToken);
            return head;
        }
        catch (DbException exception)
        {
            throw new RecordUnavailableException($"The record of run {run} cannot be opened: {exception.Message}", exception);
        }
    }

    /// <summary>The next event; <see cref="Take"/> makes it so.</summary>
    /// <param name="before">Events that were placed, not taken yet, and come first.</param>
    public PendingEvent Place(CanonicalJson json, AuditFact fact, Func<string, string> redact, IReadOnlyList<PendingEvent> before)
    {
        if (fact is RunEnded ended)
        {
            fact = ended with { EventCounts = CountsWith(before) };
        }

        var (seq, previous) = before.Count > 0 ? (before[^1].Seq + 1, before[^1].Hash) : (NextSeq, hash);

        var mono = monoBefore + (long)time.GetElapsedTime(openedTimestamp).TotalMicroseconds;
        var at = time.NowMicroseconds();
        json.Clear();
        new EventPlace(Run, seq, at, mono).Write(json, fact, redact);

        var body = json.Written.ToArray();
        var next = new byte[EventHash.Size];
        EventHash.Compute(previous, body, next);
        return new PendingEvent(Chain, seq, fact.Type, body, next)
        {
            Terms = Words(fact, redact),
            Spend = index.Spend(fact),
            Day = at / MicrosecondsPerDay,
        };
    }

    public void Take(PendingEvent placed)
    {
        NextSeq = placed.Seq + 1;
        placed.Hash.CopyTo(hash, 0);
        Counts[placed.Type] = Counts.GetValueOrDefault(placed.Type) + 1;
    }

    private Dictionary<string, long> CountsWith(IReadOnlyList<PendingEvent> before)
    {
        var counts = new Dictionary<string, long>(Counts);

        foreach (var placed in before)
        {
            counts[placed.Type] = counts.GetValueOrDefault(placed.Type) + 1;
        }

        return counts;
    }

    private List<Term> Words(AuditFact fact, Func<string, string> redact)
    {
        var found = index.Terms(fact);
        var words = new List<Term>(found.Count);

        foreach (var term in found)
        {
            var word = TermStore.Storable(term with { Text = redact(term.Text) });

            if (!words.Contains(word))
            {
                words.Add(word);
            }
        }

        return words;
    }

    /// <summary>Walks what is there already. A chain that is broken is not continued: that would lend it our word.</summary>
    private async Task ContinueAsync(Database database, CancellationToken cancellationToken)
    {
        var walk = new ChainWalk(Run);
        AuditEvent? last = null;

        await foreach (var row in ChainRows.ReadAsync(database, Chain, cancellationToken))
        {
            walk.Next(row.Seq, row.Body, row.Hash);

            if (AuditEvent.TryParse(row.Body) is not { } happened)
            {
                continue;
            }

            Take(new PendingEvent(Chain, row.Seq, happened.Type, row.Body, row.Hash));
            last = happened;

            if (happened.Fact is { } fact)
            {
                _ = (index.Terms(fact), index.Spend(fact));
            }
        }

        if (walk.Problems.Count > 0)
        {
            throw new RecordUnavailableException($"The record of run {Run} is damaged and cannot be continued: {walk.Problems[0].Message}");
        }

        Kept.UnionWith(await database.QueryAsync(
            "select digest from blobs where chain = @chain",
            row => Convert.ToHexStringLower(row.GetFieldValue<byte[]>(0)), cancellationToken, ("chain", Chain)));

        if (last is not null)
        {
            // The wall clock tells how long we were away, unless it jumped backwards.
            monoBefore = last.MonoMicroseconds + Math.Max(0, time.NowMicroseconds() - last.AtMicroseconds);
        }
    }

    private static async Task<(long Chain, byte[] Key)> EnsureAsync(
        DatabaseTransaction transaction, RunId run, TimeProvider time, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(
            "insert into chains (run, opened_us) values (@run, @now) on conflict (run) do nothing",
            cancellationToken, ("run", run), ("now", time.GetUtcNow()));

        var chain = await transaction.QuerySingleAsync(
            "select number from chains where run = @run", row => row.GetInt64(0), cancellationToken, ("run", run));

        await transaction.ExecuteAsync(
            "insert into run_keys (chain, key) values (@chain, @key) on conflict (chain) do nothing",
            cancellationToken, ("chain", chain), ("key", RandomNumberGenerator.GetBytes(ContentSeal.KeySize)));

        var key = await transaction.QuerySingleAsync(
            "select key from run_keys where chain = @chain", row => row.GetFieldValue<byte[]>(0), cancellationToken, ("chain", chain));

        return (chain, key!);
    }
}

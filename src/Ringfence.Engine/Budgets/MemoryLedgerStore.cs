namespace Ringfence.Budgets;

/// <summary>Scopes in memory: for a gateway that is alone and whose budgets end with it.</summary>
internal sealed class MemoryLedgerStore : ILedgerStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Row> rows = new(StringComparer.Ordinal);

    public Task DeclareAsync(IReadOnlyList<ScopeLimit> scopes, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (var scope in scopes)
            {
                var row = rows.TryGetValue(scope.Key, out var known) ? known : rows[scope.Key] = new Row();
                row.Limit = scope.Limit?.Nanodollars ?? row.Limit;
            }
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ScopeState>> ExchangeAsync(
        IReadOnlyList<Exchange> exchanges, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var lost = new bool[exchanges.Count];

            for (var i = 0; i < exchanges.Count; i++)
            {
                var (exchange, row) = (exchanges[i], rows[exchanges[i].Scope]);
                lost[i] = exchange.Block > 0 && !row.Blocks.ContainsKey(exchange.Holder);

                if (!lost[i])
                {
                    var block = row.Blocks.GetValueOrDefault(exchange.Holder);
                    var left = Math.Max(0, block.Held - exchange.Spent - exchange.Return);
                    row.Spent += exchange.Spent;
                    row.Held += left - block.Held;
                    Keep(row, exchange.Holder, left, expires);
                }
            }

            var grants = LedgerRules.Grants(
                [.. exchanges.Select((e, i) => (e.Least, e.Most, rows[e.Scope].Left, rows[e.Scope].Stop is not null || lost.Any(l => l)))]);

            for (var i = 0; i < exchanges.Count; i++)
            {
                var row = rows[exchanges[i].Scope];
                row.Held += grants[i];
                Keep(row, exchanges[i].Holder, row.Blocks.GetValueOrDefault(exchanges[i].Holder).Held + grants[i], expires);
            }

            return Task.FromResult<IReadOnlyList<ScopeState>>(
                [.. exchanges.Select((e, i) => rows[e.Scope].State(e.Scope, grants[i], lost[i]))]);
        }
    }

    public Task<int> SettleExpiredAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var settled = 0;

        lock (gate)
        {
            foreach (var row in rows.Values)
            {
                foreach (var (holder, block) in row.Blocks.Where(b => b.Value.Expires < before).ToList())
                {
                    row.Spent += block.Held;
                    row.Held -= block.Held;
                    row.Blocks.Remove(holder);
                    settled++;
                }
            }
        }

        return Task.FromResult(settled);
    }

    public Task FreezeAsync(string scope, string reason, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            rows[scope].Stop ??= $"frozen: {reason}";
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ScopeStop>> StopsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ScopeStop>>([]);

    private static void Keep(Row row, string holder, long held, DateTimeOffset expires)
    {
        if (held > 0)
        {
            row.Blocks[holder] = (held, expires);
        }
        else
        {
            row.Blocks.Remove(holder);
        }
    }

    private sealed class Row
    {
        public long? Limit { get; set; }

        public long Spent { get; set; }

        public long Held { get; set; }

        public string? Stop { get; set; }

        public Dictionary<string, (long Held, DateTimeOffset Expires)> Blocks { get; } = new(StringComparer.Ordinal);

        public long? Left => Limit - Spent - Held;

        public ScopeState State(string scope, long granted, bool lost) => new(scope, Limit, Spent, Held, Stop, granted, lost);
    }
}

using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>What spend can be summed by.</summary>
public enum SpendBy
{
    Team,
    Workflow,
    Model,
    Day,
    Person,
    Run,
}

/// <summary>Answers that count and sum. They read the small tables beside the events.</summary>
public sealed class AuditSums(Database database)
{
    /// <summary>Money, calls and tokens by team, workflow, model, day, person or run, dearest first (days: newest first).</summary>
    public async Task<AuditTable> SpendAsync(SpendBy by, AuditFilter filter, CancellationToken cancellationToken)
    {
        var column = by switch
        {
            SpendBy.Team => "team",
            SpendBy.Workflow => "workflow",
            SpendBy.Model => "model",
            SpendBy.Day => "day",
            SpendBy.Person => "requested_by",
            _ => "chain",
        };

        var name = by == SpendBy.Run ? "(select run from chains where number = sums.chain)" : "sums." + column;
        var order = by == SpendBy.Day ? "day desc" : "cost_nano desc";

        var rows = await database.QueryAsync(
            $"""
            select {name}, calls, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_nano
              from (select {column}, cast(sum(calls) as bigint) as calls, cast(sum(input_tokens) as bigint) as input_tokens,
                           cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
                           cast(sum(cache_write_tokens) as bigint) as cache_write_tokens,
                           cast(sum(output_tokens) as bigint) as output_tokens, cast(sum(cost_nano) as bigint) as cost_nano
                      from spend
                     where day >= @since and day <= @until and (cast(@workflow as text) is null or workflow = @workflow)
                     group by {column}
                     order by {order}
                     limit @limit) as sums
            """,
            Read, cancellationToken,
            ("since", (filter.Since ?? 0) / MicrosecondsPerDay), ("until", filter.Until is { } until ? (until - 1) / MicrosecondsPerDay : long.MaxValue),
            ("workflow", filter.Workflow), ("limit", filter.Limit + 1));

        return Table([by.ToString().ToLowerInvariant(), "calls", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "cost_nano"], rows, filter);
    }

    /// <summary>The dearest runs.</summary>
    public async Task<AuditTable> DearestAsync(AuditFilter filter, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(
            """
            select id, status, workflow, agent, model, requested_by, created_us, turns, cost_nano
              from runs
             where created_us >= @since and created_us < @until and (cast(@workflow as text) is null or workflow = @workflow)
             order by cost_nano desc
             limit @limit
            """,
            Read, cancellationToken,
            ("since", filter.Since ?? 0), ("until", filter.Until ?? long.MaxValue), ("workflow", filter.Workflow), ("limit", filter.Limit + 1));

        return Table(["run", "status", "workflow", "agent", "model", "requested_by", "created_us", "turns", "cost_nano"], rows, filter);
    }

    /// <summary>How often each denied host was tried.</summary>
    public Task<AuditTable> DeniedHostsAsync(AuditFilter filter, CancellationToken cancellationToken) =>
        CountAsync(TermKinds.DeniedHost, "host", filter, cancellationToken);

    /// <summary>How often each program failed.</summary>
    public Task<AuditTable> FailedProgramsAsync(AuditFilter filter, CancellationToken cancellationToken) =>
        CountAsync(TermKinds.FailedProgram, "program", filter, cancellationToken);

    /// <summary>Runs that have to do with a word: that reached a host, used a secret, executed a program, changed a path; newest first.</summary>
    /// <param name="kind">One of <see cref="TermKinds"/>.</param>
    public async Task<AuditTable> RunsAsync(string kind, AuditFilter filter, CancellationToken cancellationToken)
    {
        var isName = kind is TermKinds.Program or TermKinds.FailedProgram && filter.Term?.Contains('/', StringComparison.Ordinal) == false;

        var rows = await database.QueryAsync(
            $"""
            select c.run, r.status, r.workflow, r.requested_by, c.opened_us, found.times, found.first
              from (select m.chain, count(*) as times, min(m.seq) as first
                      from mentions m
                     where m.term in (select id from terms where kind = @kind and {(isName ? "(text = @term or text like @ending escape '\\')" : "text = @term")})
                       and m.chain >= coalesce((select min(number) from chains where opened_us >= @since), 9223372036854775807)
                     group by m.chain
                     order by m.chain desc
                     limit @limit) as found
              join chains c on c.number = found.chain left join runs r on r.id = c.run
             order by c.number desc
            """,
            Read, cancellationToken,
            ("kind", kind), ("term", TermStore.Storable(new Term(kind, filter.Term ?? "")).Text), ("ending", filter.Term is null ? null : "%/" + AuditQueries.Literally(filter.Term)), ("since", filter.Since ?? 0),
            ("limit", filter.Limit + 1));

        return Table(["run", "status", "workflow", "requested_by", "opened_us", "times", "first_seq"], rows, filter);
    }

    /// <summary>
    /// The ledger: every window of a scope and of what is under it, newest first, with its limit, what was spent and set aside, by how much it was passed, and
    /// how many calls it refused. A window is a row that is never reset, so this is also the scope over time.
    /// </summary>
    /// <param name="over">Only those that passed their limit, furthest first.</param>
    public async Task<AuditTable> LedgerAsync(bool over, AuditFilter filter, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(
            $"""
            select l.scope, l.opened_us, l.limit_nd, l.spent_nd, l.held_nd,
                   case when l.spent_nd > l.limit_nd then l.spent_nd - l.limit_nd end as over_nano,
                   (select count(*) from terms t join mentions m on m.term = t.id where t.kind = 'scope' and t.text = l.scope), l.stop
              from budget_scopes l
             where (cast(@scope as text) is null or l.scope = @scope or l.scope like @under escape '\')
               and l.opened_us >= @since and l.opened_us < @until {(over ? "and l.spent_nd > l.limit_nd" : "")}
             order by {(over ? "l.spent_nd - l.limit_nd desc" : "l.opened_us desc")}, l.scope
             limit @limit
            """,
            Read, cancellationToken,
            ("scope", filter.Term), ("under", filter.Term is null ? null : AuditQueries.Literally(filter.Term) + ":%"), ("since", filter.Since ?? 0),
            ("until", filter.Until ?? long.MaxValue), ("limit", filter.Limit + 1));

        return Table(["scope", "opened_us", "limit_nano", "spent_nano", "held_nano", "over_nano", "refused", "stop"], rows, filter);
    }

    private const long MicrosecondsPerDay = 86_400_000_000;

    private async Task<AuditTable> CountAsync(string kind, string name, AuditFilter filter, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(
            """
            select t.text, count(*) as times, count(distinct m.chain) as runs
              from terms t join mentions m on m.term = t.id
             where t.kind = @kind and m.chain >= coalesce((select min(number) from chains where opened_us >= @since), 9223372036854775807)
             group by t.id, t.text
             order by times desc, t.text
             limit @limit
            """,
            Read, cancellationToken, ("kind", kind), ("since", filter.Since ?? 0), ("limit", filter.Limit + 1));

        return Table([name, "times", "runs"], rows, filter);
    }

    private static AuditTable Table(IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows, AuditFilter filter) =>
        new(columns, [.. rows.Take(filter.Limit)], rows.Count > filter.Limit);

    private static object?[] Read(System.Data.Common.DbDataReader row)
    {
        var values = new object?[row.FieldCount];

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = row.IsDBNull(i) ? null : row.GetValue(i);
        }

        return values;
    }
}

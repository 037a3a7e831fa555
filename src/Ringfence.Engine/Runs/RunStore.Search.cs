using Ringfence.Outputs;

namespace Ringfence.Runs;

/// <summary>Looking for runs, in a time that does not grow with their number.</summary>
public sealed partial class RunStore
{
    private const string Active = "'queued', 'preparing', 'running', 'verifying', 'reviewing', 'publishing', 'waiting'";

    /// <summary>So many of the first runs in the wanted order are read for the words before the index is asked: what is common is found among them.</summary>
    private const long MostRead = 1000;

    private const string Everything = "1 = 1";

    /// <summary>Sorts behind every id.</summary>
    private const string Last = "zzzzzzzzzzzzzzzz";

    /// <summary>
    /// The one run whose id starts with <paramref name="prefix"/>; <c>last</c>, which no id starts with, is the newest. Fails with <c>unknown_run</c> or
    /// <c>ambiguous_run</c>.
    /// </summary>
    public async Task<Result<Run>> FindAsync(string prefix, CancellationToken cancellationToken)
    {
        var text = prefix.ToLowerInvariant();
        var found = text == RunId.Newest ? await ListAsync(1, cancellationToken)
            : text.Length is 0 or > 16 || !text.All(char.IsAsciiLetterOrDigit) ? []
            : await StartingAsync(text, 3, cancellationToken);

        return found switch
        {
            [var one] => one,
            [] => new Failure("unknown_run", $"There is no run '{Printable.Escape(prefix)}'.", "`ringfence runs` lists them; `last` is the newest."),
            _ => new Failure("ambiguous_run", $"'{prefix}' is the start of several runs: {string.Join(", ", found.Select(r => r.Id))}…", "Type more of it."),
        };
    }

    /// <summary>The newest runs first.</summary>
    public Task<IReadOnlyList<Run>> ListAsync(int limit, CancellationToken cancellationToken) =>
        database.QueryAsync($"select {Columns} from runs order by id desc limit @limit", Read, cancellationToken, ("limit", (long)limit));

    /// <summary>A page of the runs that match.</summary>
    public async Task<RunPage> SearchAsync(RunQuery query, CancellationToken cancellationToken)
    {
        var (ids, counted, isExact) = await PageAsync(query, cancellationToken);
        var found = (await database.QueryAsync(
            $"select {Columns} from runs where id in ({string.Join(", ", ids.Select((_, i) => $"@id{i}").DefaultIfEmpty("''"))})", Read, cancellationToken,
            [.. ids.Select((id, i) => ($"id{i}", (object?)id))])).ToDictionary(run => run.Id.Value, StringComparer.Ordinal);
        var active = await CountAsync($"where status in ({Active})", [], cancellationToken);

        // Behind a page that is full there may be more, and whoever goes on by the total must find it.
        var seen = ((long)(query.Page - 1) * query.Limit) + ids.Count;
        return new RunPage(
            [.. ids.Where(found.ContainsKey).Select(id => found[id])], isExact ? counted : Math.Max(counted, seen + (ids.Count == query.Limit ? 1 : 0)), isExact, active,
            active > 0 || ids.Count > 0 || await CountAsync("", [], cancellationToken) > 0);
    }

    /// <summary>How many runs there are in each state that is no ending.</summary>
    public Task<IReadOnlyList<(string Status, long Count)>> CountActiveAsync(CancellationToken cancellationToken) => database.QueryAsync(
        $"select status, count(*) from runs where status in ({Active}) group by status", row => (row.GetString(0), row.GetInt64(1)), cancellationToken);

    /// <summary>Adds the words of runs that an earlier version has stored, some at a time. Returns false when there is nothing left to do.</summary>
    public async Task<bool> AddWordsAsync(CancellationToken cancellationToken)
    {
        var old = await database.QueryAsync(
            "select m.run, r.request from runs_without_words m left join runs r on r.id = m.run order by m.run desc limit 500",
            row => (Id: row.GetString(0), Request: Text(row, 1)), cancellationToken);

        await database.InTransactionAsync(
            async transaction =>
            {
                await transaction.ExecuteManyAsync(
                    "insert into run_words (run, words) values (@id, @words) on conflict do nothing",
                    [.. old.Select(run => new (string, object?)[] { ("id", run.Id), ("words", run.Request is { } request ? SearchWords.Of(RunJson.Parse(request)) : "") })], cancellationToken);
                await transaction.ExecuteManyAsync(
                    "delete from runs_without_words where run = @id", [.. old.Select(run => new (string, object?)[] { ("id", run.Id) })], cancellationToken);
            },
            cancellationToken);

        return old.Count > 0;
    }

    private Task<IReadOnlyList<Run>> StartingAsync(string start, long most, CancellationToken cancellationToken) => database.QueryAsync(
        $"select {Columns} from runs where id >= @first and id <= @last order by id desc limit @most", Read, cancellationToken,
        ("first", start), ("last", start + Last), ("most", most));

    private async Task<(IReadOnlyList<string> Ids, long Counted, bool IsExact)> PageAsync(RunQuery query, CancellationToken cancellationToken)
    {
        var start = query.Search?.ToLowerInvariant() is { } text && RunId.IsBeginning(text) && (await StartingAsync(text, 1, cancellationToken)).Count > 0 ? text : null;
        var (filter, parameters) = Filter(query, start);
        var order = query.Ascending ? "asc" : "desc";
        order = query.ByCost ? $"r.cost_nano {order}, r.id {order}" : $"r.id {order}";

        if (query.Search is not null && start is null)
        {
            return await WithWordsAsync(SearchWords.Parse(query.Search), filter, order, query, parameters, cancellationToken);
        }

        var ids = await database.QueryAsync(
            $"select r.id from ({First(query, filter, order, "@most")}) r order by {order} limit @limit offset @offset", row => row.GetString(0), cancellationToken,
            [.. parameters, ("most", (long)query.Page * query.Limit)]);
        var counted = await CountAsync($"where {filter}{OfStatuses(query)}", parameters, cancellationToken);
        return (ids, counted, counted <= RunPage.MostCounted);
    }

    private async Task<(IReadOnlyList<string> Ids, long Counted, bool IsExact)> WithWordsAsync(
        IReadOnlyList<string> words, string filter, string order, RunQuery query, (string, object?)[] parameters, CancellationToken cancellationToken)
    {
        if (words.Count == 0)
        {
            return ([], 0, true);
        }

        // Words are letters and digits: nothing in them means anything to a pattern.
        var has = string.Join(" and ", words.Select((_, i) => $"(select ' ' || w.words || ' ' from run_words w where w.run = r.id) like @word{i}"));
        var (ids, read, counted) = await PageOfAsync(
            $"""
            read as materialized ({First(query, filter, order, "@most")}),
            matching as materialized (select r.id, r.cost_nano from read r where {has})
            """,
            order, cancellationToken,
            [.. parameters, ("most", MostRead), .. words.Select((word, i) => ($"word{i}", (object?)(word.Length < SearchWords.ShortestBeginning ? $"% {word} %" : $"% {word}%")))]);

        if (read < MostRead || ids.Count == query.Limit)
        {
            return (ids, counted, read < MostRead);
        }

        // A query of its own for each row, because a join would be planned for a number of rows that nobody knows.
        var where = filter + OfStatuses(query);
        var cost = where == Everything && !query.ByCost ? "cast(0 as bigint)" : $"(select r.cost_nano from runs r where {where} and r.id = w.run)";
        (ids, _, counted) = await PageOfAsync(
            $"""
            read as materialized (select w.run as id, {cost} as cost_nano from run_words w where {database.Dialect.MatchesWords("w", "@words")}),
            matching as materialized (select id, cost_nano from read where cost_nano is not null)
            """,
            order, cancellationToken, [.. parameters, ("words", database.Dialect.WordsQuery(words))]);
        return (ids, counted, true);
    }

    /// <summary>A page of <c>matching</c>, with how many rows were <c>read</c> and how many of these match.</summary>
    private async Task<(IReadOnlyList<string> Ids, long Read, long Matching)> PageOfAsync(
        string tables, string order, CancellationToken cancellationToken, params (string, object?)[] parameters)
    {
        var rows = await database.QueryAsync(
            $"""
            with {tables}
            select page.id, counts.scanned, counts.matched
              from (select (select count(*) from read) as scanned, (select count(*) from matching) as matched) counts
              left join (select r.id, r.cost_nano from matching r order by {order} limit @limit offset @offset) page on 1 = 1
             order by {order.Replace("r.", "page.", StringComparison.Ordinal)}
            """,
            row => (Id: Text(row, 0), Read: row.GetInt64(1), Matching: row.GetInt64(2)), cancellationToken, parameters);

        return ([.. rows.Where(row => row.Id is not null).Select(row => row.Id!)], rows[0].Read, rows[0].Matching);
    }

    /// <summary>
    /// The first runs in the wanted order. Each status for itself, in the order of its index: of how many runs are in a status, planners know what was true a
    /// while ago, and would look for the one that is running among a million that have ended.
    /// </summary>
    private static string First(RunQuery query, string filter, string order, string most) => query.Statuses.Count < 2 || query.ByCost
        ? $"select r.id, r.cost_nano from runs r where {filter}{OfStatuses(query)} order by {order} limit {most}"
        : "select r.id, r.cost_nano from ("
            + string.Join(" union all ", query.Statuses.Select((status, i) => $"select s{i}.id, s{i}.cost_nano from (select r.id, r.cost_nano from runs r where {filter} and r.status = '{Name(status)}' order by {order} limit {most}) s{i}"))
            + $") r order by {order} limit {most}";

    private static string OfStatuses(RunQuery query) =>
        query.Statuses.Count > 0 ? $" and r.status in ({string.Join(", ", query.Statuses.Select(status => $"'{Name(status)}'"))})" : "";

    /// <summary>Everything but the status. Conditions are constants; what people typed is always a parameter.</summary>
    private static (string Filter, (string, object?)[] Parameters) Filter(RunQuery query, string? start)
    {
        var outputs = query.Outputs.Select(kind => kind is OutputKind.Branch ? "r.output is null" : $"r.output = '{OutputName.Of(kind)}'");
        var filter = Everything
            + (query.Model is not null ? " and r.model = @model" : "")
            + (query.Template is not null ? " and r.template = @template" : "")
            + (query.Outputs.Count > 0 ? $" and ({string.Join(" or ", outputs)})" : "")
            + (query.Before is not null ? " and r.id < @before" : "")
            + (start is not null ? " and r.id >= @first and r.id <= @last" : "");

        return (filter,
        [
            ("model", query.Model), ("template", query.Template), ("before", query.Before?.Value), ("first", start), ("last", start + Last), ("limit", (long)query.Limit),
            ("offset", (long)(query.Page - 1) * query.Limit),
        ]);
    }

    private Task<long> CountAsync(string where, (string, object?)[] parameters, CancellationToken cancellationToken) => database.QuerySingleAsync(
        $"select count(*) from (select 1 from runs r {where} limit {RunPage.MostCounted + 1}) counted", row => row.GetInt64(0), cancellationToken, parameters);
}

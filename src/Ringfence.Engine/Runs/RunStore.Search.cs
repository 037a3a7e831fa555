namespace Ringfence.Runs;

/// <summary>Looking for runs.</summary>
public sealed partial class RunStore
{
    private const string Active = "'queued', 'preparing', 'running', 'verifying', 'reviewing', 'publishing', 'waiting'";

    /// <summary>The one run whose id starts with <paramref name="prefix"/>. Fails with <c>unknown_run</c> or <c>ambiguous_run</c>.</summary>
    public async Task<Result<Run>> FindAsync(string prefix, CancellationToken cancellationToken)
    {
        var text = prefix.ToLowerInvariant();
        var found = text.Length is 0 or > 16 || !text.All(char.IsAsciiLetterOrDigit)
            ? []
            : await database.QueryAsync(
                $"select {Columns} from runs where id like @prefix order by id desc limit 3", Read, cancellationToken, ("prefix", text + "%"));

        return found switch
        {
            [var one] => one,
            [] => new Failure("unknown_run", $"There is no run '{Printable.Escape(prefix)}'.", "`ringfence runs` lists them."),
            _ => new Failure("ambiguous_run", $"'{prefix}' is the start of several runs: {string.Join(", ", found.Select(r => r.Id))}…", "Type more of it."),
        };
    }

    /// <summary>The newest runs first.</summary>
    public Task<IReadOnlyList<Run>> ListAsync(int limit, CancellationToken cancellationToken) =>
        database.QueryAsync($"select {Columns} from runs order by id desc limit @limit", Read, cancellationToken, ("limit", (long)limit));

    /// <summary>A page of the runs that match.</summary>
    public async Task<RunPage> SearchAsync(RunQuery query, CancellationToken cancellationToken)
    {
        // Conditions are constants; what people typed is always a parameter.
        var where = "where 1 = 1"
            + (query.Statuses.Count > 0 ? $" and status in ({string.Join(", ", query.Statuses.Select(status => $"'{Name(status)}'"))})" : "")
            + (query.Model is not null ? " and model = @model" : "")
            + (query.Template is not null ? " and template = @template" : "")
            + (query.Outputs.Count > 0 ? $" and ({string.Join(" or ", query.Outputs.Select(kind => $"request like '%\"output\":\"{kind.ToString().ToLowerInvariant()}\"%'"))})" : "")
            + (query.Search is not null ? " and (id like @start or lower(repository) like @search or lower(request) like @search)" : "");
        (string, object?)[] parameters =
        [
            ("model", query.Model), ("template", query.Template), ("start", Like(query.Search ?? "") + "%"), ("search", $"%{Like(query.Search ?? "")}%"),
            ("limit", (long)query.Limit), ("offset", (long)(query.Page - 1) * query.Limit),
        ];

        var order = $"{(query.ByCost ? "cost_nano" : "id")} {(query.Ascending ? "asc" : "desc")}";
        var runs = await database.QueryAsync($"select {Columns} from runs {where} order by {order}, id limit @limit offset @offset", Read, cancellationToken, parameters);
        var total = await database.QuerySingleAsync($"select count(*) from runs {where}", row => row.GetInt64(0), cancellationToken, parameters);
        var active = await database.QuerySingleAsync(
            $"select count(*) from runs where status in ({Active})", row => row.GetInt64(0), cancellationToken);
        return new RunPage(runs, total, active, active > 0 || runs.Count > 0 || await AnyAsync(cancellationToken));
    }

    /// <summary>How many runs there are in each state that is no ending.</summary>
    public Task<IReadOnlyList<(string Status, long Count)>> CountActiveAsync(CancellationToken cancellationToken) => database.QueryAsync(
        $"select status, count(*) from runs where status in ({Active}) group by status", row => (row.GetString(0), row.GetInt64(1)), cancellationToken);

    private async Task<bool> AnyAsync(CancellationToken cancellationToken) =>
        await database.QuerySingleAsync("select cast(1 as bigint) from runs limit 1", row => row.GetInt64(0), cancellationToken) == 1;

    /// <summary>Lower case, with the pattern characters of <c>like</c> taken out.</summary>
    private static string Like(string text) => text.ToLowerInvariant().Replace("%", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
}

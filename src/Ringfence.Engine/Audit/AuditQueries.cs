using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>
/// The questions that a record answers, newest first. Each is a look-up: by a word (a path, a host, a digest), by a run, or among the newest events.
/// </summary>
public sealed partial class AuditQueries(Database database)
{
    private Dialect Dialect => database.Dialect;

    /// <summary>Who changed a path, from what to what, and by which command or tool.</summary>
    public Task<AuditTable> FilesAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Files, filter, cancellationToken);

    public Task<AuditTable> ReadsAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Reads, filter, cancellationToken);

    /// <summary>Executions of a program (a name or a whole path), or of command lines with the words of <see cref="AuditFilter.Text"/>.</summary>
    public Task<AuditTable> CommandsAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Commands, filter, cancellationToken);

    public Task<AuditTable> FailedCommandsAsync(AuditFilter filter, CancellationToken cancellationToken) =>
        AskAsync(AuditQuestion.FailedCommands, filter, cancellationToken);

    public Task<AuditTable> NetworkAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Network, filter, cancellationToken);

    public Task<AuditTable> SecretsAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Secrets, filter, cancellationToken);

    /// <summary>Who approved exactly this digest, when, and how they were recognised.</summary>
    public Task<AuditTable> ApprovalsAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Approvals, filter, cancellationToken);

    public Task<AuditTable> GatesAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Gates, filter, cancellationToken);

    /// <summary>Runs that lost context, and what was lost.</summary>
    public Task<AuditTable> ContextAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Context, filter, cancellationToken);

    public Task<AuditTable> ChecksAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Checks, filter, cancellationToken);

    /// <summary>The run behind a commit, a branch's commit or a pull request's address.</summary>
    public Task<AuditTable> CommitsAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Commits, filter, cancellationToken);

    public Task<AuditTable> BudgetAsync(AuditFilter filter, CancellationToken cancellationToken) => AskAsync(AuditQuestion.Budget, filter, cancellationToken);

    /// <summary>A text as a part of a pattern, where backslash escapes.</summary>
    internal static string Literally(string text) => LikeSpecial().Replace(text, "\\$0");

    private async Task<AuditTable> AskAsync(AuditQuestion question, AuditFilter filter, CancellationToken cancellationToken)
    {
        var parameters = new List<(string, object?)> { ("limit", filter.Limit + 1) };
        var where = new List<string>();
        var word = Word(question, filter, parameters);

        // By a word: the places first, newest first, then only as many events as are wanted. Any other way reads every event that has the word.
        var from = word is null
            ? "from events e"
            : $"""
               from (select m.chain, m.seq from mentions m
                      where m.term in (select t.id from terms t where {word}){(filter.Run is null ? "" : $" and m.chain = {OneRun}")}
                      order by m.chain desc, m.seq desc {(IsNarrowed(filter) ? "" : "limit @limit")}) found
               join events e on e.chain = found.chain and e.seq = found.seq
               """;

        if (word is null)
        {
            where.Add($"{Dialect.JsonText("e.body", "type")} in ({string.Join(", ", question.Types.Select(type => $"'{type}'"))})");
        }

        AddCommon(question, filter, word is null, where, parameters);

        var rows = await database.QueryAsync(
            $"""
            {question.Select(Dialect)} {from} join chains c on c.number = e.chain left join runs r on r.id = c.run
            {(where.Count == 0 ? "" : "where " + string.Join(" and ", where))}
            order by e.chain desc, e.seq desc limit @limit
            """,
            row => ReadRow(row, question), cancellationToken, [.. parameters]);

        return new(question.ColumnNames, [.. rows.Take(filter.Limit)], rows.Count > filter.Limit);
    }

    private const string OneRun = "(select number from chains where run = @run)";

    private static bool IsNarrowed(AuditFilter filter) => filter.Workflow is not null || filter.Since is not null || filter.Until is not null;

    /// <summary>The condition on terms by which the events are found; null when it is by their run, or among all.</summary>
    private string? Word(AuditQuestion question, AuditFilter filter, List<(string, object?)> parameters)
    {
        if (filter.Text is not null)
        {
            parameters.Add(("text", Dialect.TextQuery(Words().Split(filter.Text).Where(word => word.Length > 0))));
            return "t.kind = 'argv' and " + Dialect.MatchesText("t", "@text");
        }

        if (filter.Run is not null)
        {
            return null;
        }

        return filter.Term is not null ? Exactly(question, filter, parameters)
            : question.IsRare ? $"t.kind = 'type' and t.text in ({string.Join(", ", question.Types.Select(type => $"'{type}'"))})"
            : filter.Allowed is false ? $"t.kind = '{TermKinds.DeniedHost}'"
            : null;
    }

    private static string Exactly(AuditQuestion question, AuditFilter filter, List<(string, object?)> parameters)
    {
        var kinds = question.Kinds.Where(kind => filter.Allowed is null || question.Kinds.Count == 1 || kind == (filter.Allowed.Value ? TermKinds.Host : TermKinds.DeniedHost));
        var condition = $"t.kind in ({string.Join(", ", kinds.Select(kind => $"'{kind}'"))}) and ";
        parameters.Add(("term", TermStore.Storable(new Term("", filter.Term!)).Text));

        // A program is asked for by name more often than by path; there are few different ones.
        if (question.Kinds[0] is not (TermKinds.Program or TermKinds.FailedProgram) || filter.Term!.Contains('/', StringComparison.Ordinal))
        {
            return condition + "t.text = @term";
        }

        parameters.Add(("ending", "%/" + Literally(filter.Term!)));
        return condition + "(t.text = @term or t.text like @ending escape '\\')";
    }

    private void AddCommon(
        AuditQuestion question, AuditFilter filter, bool searches, List<string> where, List<(string, object?)> parameters)
    {
        if (filter.Run is not null)
        {
            parameters.Add(("run", filter.Run));

            if (searches)
            {
                where.Add($"e.chain = {OneRun}");
            }
        }

        if (searches && filter.Term is not null)
        {
            where.Add($"{AuditQuestion.Expression(Dialect, question.Columns[0])} = @term");
            parameters.Add(("term", filter.Term));
        }

        if (filter.Workflow is not null)
        {
            where.Add("r.workflow = @workflow");
            parameters.Add(("workflow", filter.Workflow));
        }

        if (filter.Since is not null)
        {
            where.Add($"{AuditQuestion.Expression(Dialect, new("at_us", "at_us", ColumnKind.Integer))} >= @since");
            parameters.Add(("since", filter.Since));
        }

        if (filter.Until is not null)
        {
            where.Add($"{AuditQuestion.Expression(Dialect, new("at_us", "at_us", ColumnKind.Integer))} < @until");
            parameters.Add(("until", filter.Until));
        }

        if (searches && filter.Allowed is not null)
        {
            where.Add($"{AuditQuestion.Expression(Dialect, new("allowed", "data allowed", ColumnKind.Flag))} in (@allowed, @allowed_number)");
            parameters.Add(("allowed", filter.Allowed.Value ? "true" : "false"));
            parameters.Add(("allowed_number", filter.Allowed.Value ? "1" : "0"));
        }
    }

    private static object?[] ReadRow(DbDataReader row, AuditQuestion question)
    {
        var values = new object?[row.FieldCount];

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = row.IsDBNull(i) ? null : row.GetValue(i);
        }

        for (var i = 0; i < question.Columns.Count; i++)
        {
            var at = i + (values.Length - question.Columns.Count);

            if (question.Columns[i].Kind == ColumnKind.Flag && values[at] is { } flag)
            {
                values[at] = Convert.ToString(flag, CultureInfo.InvariantCulture) is "1" or "true";
            }
        }

        return values;
    }

    [GeneratedRegex(@"[^\p{L}\p{Nd}]+")]
    private static partial Regex Words();

    [GeneratedRegex(@"[%_\\]")]
    private static partial Regex LikeSpecial();
}

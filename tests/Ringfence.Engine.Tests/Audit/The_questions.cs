using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class The_questions_to_SQLite() : The_questions(null);

public sealed class The_questions_to_PostgreSQL(PostgresCluster postgres) : The_questions(postgres);

public abstract class The_questions(PostgresCluster? postgres) : StoreTest(postgres)
{
    private readonly RunId run = RunId.New(TimeProvider.System);
    private readonly string digest = new('d', 64);

    private async Task<Database> RecordedAsync()
    {
        var database = await OpenAsync();
        await database.ExecuteAsync(
            "insert into runs (id, status, workflow, team, requested_by, created_us, cost_nano) values (@run, 'completed', 'fix-bugs', 'core', 'olga', 1, 30)",
            Cancel, ("run", run));

        await using (var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            AuditFact[] facts =
            [
                new RunRequested("/repo", null, "claude", null, "p", "olga", "r"),
                new CommandStarted("s1", 1, 10, 0, "/usr/bin/npm", "d", ["npm", "install", "left-pad"], false, "d", "/workspace"),
                new CommandFinished("s1", 1, true, 3, 0, 5),
                new CommandStarted("s1", 2, 11, 0, "/usr/bin/git", "d", ["git", "status"], false, "d", "/workspace"),
                new CommandFinished("s1", 2, true, 0, 0, 5),
                new NetworkConnection("s1", "feed.example.com", 443, "tls", null, true, "allowed", "*.example.com", 10, 20, 30),
                new NetworkConnection("s1", "evil.example", 443, "tls", null, false, "not_in_allow_list", "default", 0, 0, 1),
                new SecretUsed("NPM_TOKEN", "feed.example.com", "authorization"),
                new ModelRequested("c1", "anthropic", "opus", "opus", 1, 1, 1, "d", []),
                new ModelResponded("c1", 200, "end_turn", 100, 50, 5, 5, 20, 0, 1, 1, 10, true, true),
                new ModelRequested("c2", "anthropic", "opus", "opus", 1, 1, 1, "d", []),
                new ModelResponded("c2", 200, "end_turn", 100, 50, 5, 5, 20, 0, 1, 1, 20, true, true),
                new ContextChanged("c2", "compaction", ["x"], 1000, 10, false),
                new FileChanged("src/a.cs", "modified", "b1", "a1", 33188, 3, 1, "command 1", "exact"),
                new FileRead("src/b.cs", "d", "command 2"),
                new GateFinding("no-secrets", "high", "src/a.cs:3", "…"),
                new GateWaived("no-secrets", "src/a.cs:3", "ben", "test data", 9),
                new VerificationFinished("make test", true, 0, null, 5, "o", "tree", 1),
                new ApprovalRequested("diff", digest, ["olga"]),
                new ApprovalDecided("diff", digest, "approved", "olga", "os_user", "cli", null),
                new CommitCreated("c0ffee", "tree", ["base"]),
                new BranchCreated("ringfence/x", "c0ffee", "/repo"),
                new PullRequestOpened("https://example.org/pull/7", "c0ffee"),
                new BudgetDenied("c3", "team/core", "limit", 10, 5),
            ];

            foreach (var fact in facts)
            {
                recorder.Append(fact);
            }

            await recorder.FlushAsync(Cancel);
        }

        return database;
    }

    private static object? Cell(AuditTable table, string column, int row = 0) => table.Rows[row][table.Columns.ToList().IndexOf(column)];

    [Fact]
    public async Task Tell_who_changed_a_path_and_by_what()
    {
        var queries = new AuditQueries(await RecordedAsync());

        foreach (var filter in new AuditFilter[] { new() { Term = "src/a.cs" }, new() { Run = run.Value }, new() { Run = run.Value, Term = "src/a.cs" }, new() })
        {
            var table = await queries.FilesAsync(filter, Cancel);

            Assert.Equal((run.Value, "fix-bugs", "b1", "a1", "command 1", 3L), (
                Cell(table, "run"), Cell(table, "workflow"), Cell(table, "before_oid"), Cell(table, "after_oid"), Cell(table, "changed_by"), Cell(table, "lines_added")));
        }

        Assert.Empty((await queries.FilesAsync(new() { Term = "src/b.cs" }, Cancel)).Rows);
        Assert.Single((await queries.ReadsAsync(new() { Term = "src/b.cs" }, Cancel)).Rows);
        Assert.Empty((await queries.FilesAsync(new() { Term = "src/a.cs", Workflow = "other" }, Cancel)).Rows);
        Assert.Empty((await queries.FilesAsync(new() { Term = "src/a.cs", Until = 1 }, Cancel)).Rows);
        Assert.Single((await queries.FilesAsync(new() { Term = "src/a.cs", Since = 1 }, Cancel)).Rows);
    }

    [Fact]
    public async Task Find_commands_by_program_by_words_and_by_failure()
    {
        var database = await RecordedAsync();
        var queries = new AuditQueries(database);

        Assert.Single((await queries.CommandsAsync(new() { Term = "npm" }, Cancel)).Rows);
        Assert.Single((await queries.CommandsAsync(new() { Term = "/usr/bin/npm" }, Cancel)).Rows);
        Assert.Empty((await queries.CommandsAsync(new() { Term = "pm" }, Cancel)).Rows);
        Assert.Empty((await queries.CommandsAsync(new() { Term = "%" }, Cancel)).Rows);
        Assert.Single((await queries.CommandsAsync(new() { Text = "install left-pad" }, Cancel)).Rows);
        Assert.Empty((await queries.CommandsAsync(new() { Text = "left-pad install" }, Cancel)).Rows);
        Assert.Equal(2, (await queries.CommandsAsync(new() { Run = run.Value }, Cancel)).Rows.Count);
        Assert.Equal(3L, Cell(await queries.FailedCommandsAsync(new() { Term = "npm" }, Cancel), "exit_code"));
        Assert.Empty((await queries.FailedCommandsAsync(new() { Term = "git" }, Cancel)).Rows);
        Assert.Equal(["/usr/bin/npm", 1L, 1L], (await new AuditSums(database).FailedProgramsAsync(new(), Cancel)).Rows[0]);
    }

    [Fact]
    public async Task Find_connections_secrets_and_the_runs_behind_them()
    {
        var database = await RecordedAsync();
        var queries = new AuditQueries(database);
        var sums = new AuditSums(database);

        Assert.Equal(["evil.example", 1L, 1L], Assert.Single((await sums.DeniedHostsAsync(new(), Cancel)).Rows));
        Assert.Equal(true, Cell(await queries.NetworkAsync(new() { Term = "feed.example.com" }, Cancel), "allowed"));
        Assert.Equal("evil.example", Cell(await queries.NetworkAsync(new() { Allowed = false }, Cancel), "host"));
        Assert.Equal("feed.example.com", Cell(await queries.NetworkAsync(new() { Allowed = true, Run = run.Value }, Cancel), "host"));
        Assert.Equal("feed.example.com", Cell(await queries.SecretsAsync(new() { Term = "NPM_TOKEN" }, Cancel), "host"));
        Assert.Equal(run.Value, Cell(await sums.RunsAsync(TermKinds.Host, new() { Term = "feed.example.com" }, Cancel), "run"));
        Assert.Equal(run.Value, Cell(await sums.RunsAsync(TermKinds.Secret, new() { Term = "NPM_TOKEN" }, Cancel), "run"));
        Assert.Equal(run.Value, Cell(await sums.RunsAsync(TermKinds.Program, new() { Term = "npm" }, Cancel), "run"));
        Assert.Empty((await sums.RunsAsync(TermKinds.Host, new() { Term = "evil.example" }, Cancel)).Rows);
    }

    [Fact]
    public async Task Tell_who_approved_what_and_what_the_gates_said()
    {
        var database = await RecordedAsync();
        var queries = new AuditQueries(database);

        var approvals = await queries.ApprovalsAsync(new() { Term = digest }, Cancel);
        Assert.Equal(2, approvals.Rows.Count);
        Assert.Equal(("approved", "olga", "os_user"), (Cell(approvals, "decision"), Cell(approvals, "decided_by"), Cell(approvals, "authenticated_by")));
        Assert.Equal(2, (await queries.GatesAsync(new() { Term = "no-secrets" }, Cancel)).Rows.Count);
        Assert.Equal(2, (await queries.GatesAsync(new(), Cancel)).Rows.Count);
        Assert.Equal("compaction", Cell(await queries.ContextAsync(new(), Cancel), "kind"));
        Assert.Equal(true, Cell(await queries.ChecksAsync(new() { Run = run.Value }, Cancel), "passed"));
        Assert.Equal("team/core", Cell(await queries.BudgetAsync(new() { Term = "team/core" }, Cancel), "scope"));
    }

    [Theory]
    [InlineData("c0ffee", 3)]
    [InlineData("https://example.org/pull/7", 1)]
    [InlineData("c0ffe", 0)]
    public async Task Lead_from_a_commit_or_pull_request_to_its_run(string commit, int expected) =>
        Assert.Equal(expected, (await new AuditQueries(await RecordedAsync()).CommitsAsync(new() { Term = commit }, Cancel)).Rows.Count);

    [Theory]
    [InlineData(SpendBy.Team, "core")]
    [InlineData(SpendBy.Workflow, "fix-bugs")]
    [InlineData(SpendBy.Model, "opus")]
    [InlineData(SpendBy.Person, "olga")]
    [InlineData(SpendBy.Day, null)]
    [InlineData(SpendBy.Run, null)]
    public async Task Sum_money_and_tokens(SpendBy by, string? expected)
    {
        var database = await RecordedAsync();
        var row = Assert.Single((await new AuditSums(database).SpendAsync(by, new(), Cancel)).Rows);

        Assert.Equal([2L, 200L, 100L, 20L, 40L, 30L], row.Skip(1));
        Assert.True(expected is null || expected.Equals(row[0]));
        Assert.Equal(run.Value, Cell(await new AuditSums(database).DearestAsync(new(), Cancel), "run"));
    }

    [Fact]
    public async Task Tell_what_a_scope_spent_in_every_window_and_by_how_much_it_passed_its_limit()
    {
        var database = await RecordedAsync();
        await database.ExecuteAsync(
            """
            insert into budget_scopes (scope, rule, limit_nd, spent_nd, held_nd, stop, opened_us)
            values ('team:a_b:day:1', 'team:a_b:day', 10, 12, 0, null, 1), ('team:a_b:day:2', 'team:a_b:day', 10, 4, 3, null, 2), ('team:axb:day:2', 'x', null, 99, 0, null, 2)
            """,
            Cancel);
        var sums = new AuditSums(database);

        var scope = await sums.LedgerAsync(over: false, new() { Term = "team:a_b" }, Cancel);

        Assert.Equal(["team:a_b:day:2", "team:a_b:day:1"], scope.Rows.Select(row => row[0]));
        Assert.Equal([10L, 4L, 3L, null, 0L], scope.Rows[0].Skip(2).Take(5));
        Assert.Equal("team:a_b:day:1", Assert.Single((await sums.LedgerAsync(over: true, new(), Cancel)).Rows)[0]);
        Assert.Equal(2L, Assert.Single((await sums.LedgerAsync(over: true, new(), Cancel)).Rows)[5]);
    }

    [Theory]
    [InlineData("audit_events", 24)]
    [InlineData("audit_runs", 1)]
    [InlineData("audit_files", 1)]
    [InlineData("audit_commands", 2)]
    [InlineData("audit_failed_commands", 1)]
    [InlineData("audit_connections", 2)]
    [InlineData("audit_secrets", 1)]
    [InlineData("audit_approvals", 2)]
    [InlineData("audit_gates", 2)]
    [InlineData("audit_context", 1)]
    [InlineData("audit_commits", 4)]
    [InlineData("audit_checks", 1)]
    [InlineData("audit_spend", 1)]
    public async Task Can_be_asked_of_the_stable_views_too(string view, int rows) =>
        Assert.Equal(rows, (await (await RecordedAsync()).QueryAsync($"select * from {view}", row => row.GetValue(0), Cancel)).Count);

    [Fact]
    public async Task Survive_words_that_no_index_holds()
    {
        var database = await OpenAsync();
        var path = new string('é', 5000) + "\ud800\0";

        await using (var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            recorder.Append(new FileRead(path, "d", "x"));
            recorder.Append(new FileRead("\ud800", "d", "x"));
            await recorder.FlushAsync(Cancel);
        }

        Assert.Single((await new AuditQueries(database).ReadsAsync(new() { Term = path }, Cancel)).Rows);
    }
}

using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ringfence.Audit;
using Ringfence.Storage;

namespace Ringfence.Runs;

/// <summary>
/// Runs as rows. The supervisor that holds a run's lease is the only one who moves it; everybody else asks by writing into a row of their own
/// columns (<c>cancel_requested_*</c>). A move and its audit event are one transaction.
/// </summary>
public sealed class RunStore(Database database, TimeProvider time)
{
    /// <summary>How long a supervisor's silence is taken for life. It renews at a third of this.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(30);

    private const string Columns =
        """
        id, request, status, fail_reason, fail_message, created_us, ended_us, base_commit, tree, change_digest, branch, cost_nano, turns, worker,
        cancel_requested_by
        """;

    /// <summary>Creates a queued run that this process already holds.</summary>
    public async Task<Run> CreateAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var run = New(request) with { Worker = WorkerId.Current.ToString() };
        await database.InTransactionAsync(transaction => InsertAsync(transaction, run, null, cancellationToken), cancellationToken);
        return run;
    }

    /// <summary>
    /// Creates a queued run that whoever is free may take. The same <paramref name="idempotencyKey"/> gives the run that it gave before.
    /// </summary>
    public async Task<(Run Run, bool IsNew)> EnqueueAsync(RunRequest request, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var run = New(request);

        var isNew = await database.InTransactionAsync(
            transaction => InsertAsync(transaction, run, idempotencyKey, cancellationToken), cancellationToken);

        return isNew
            ? (run, true)
            : (await database.QuerySingleAsync(
                $"select {Columns} from runs where idempotency_key = @key", Read, cancellationToken, ("key", idempotencyKey)) ?? run, false);
    }

    /// <summary>
    /// Takes the next queued run for this process, or returns null when there is none. Fair: the repository with the fewest runs going comes first,
    /// then the oldest run; a repository that has <paramref name="perRepository"/> going waits.
    /// </summary>
    public async Task<Run?> ClaimNextAsync(int perRepository, CancellationToken cancellationToken)
    {
        var id = await database.InTransactionAsync(
            async transaction =>
            {
                var next = await transaction.QuerySingleAsync(
                    """
                    select q.id
                      from runs q
                      left join (select repository, count(*) as going from runs where worker is not null group by repository) g on g.repository = q.repository
                     where q.status = 'queued' and q.worker is null and coalesce(g.going, 0) < @most
                     order by coalesce(g.going, 0), q.id
                     limit 1
                    """,
                    row => row.GetString(0), cancellationToken, ("most", (long)perRepository));

                // Another replica may have been quicker; the condition on the row decides.
                return next is not null && await transaction.ExecuteAsync(
                    "update runs set worker = @me, lease_expires_us = @lease where id = @id and worker is null", cancellationToken,
                    ("id", next), ("me", WorkerId.Current.ToString()), ("lease", time.GetUtcNow() + LeaseTime)) == 1
                    ? next
                    : null;
            },
            cancellationToken);

        return id is null
            ? null
            : await database.QuerySingleAsync($"select {Columns} from runs where id = @id", Read, cancellationToken, ("id", id));
    }

    /// <summary>Moves a run, with its event, in one transaction. A move that the table of moves does not know is a bug.</summary>
    public async Task<Run> MoveAsync(Run run, RunStatus to, Recorder recorder, CancellationToken cancellationToken)
    {
        if (!RunTransitions.CanMove(run.Status, to))
        {
            throw new InvalidOperationException($"Run {run.Id} cannot move from {run.Status} to {to}.");
        }

        await recorder.CommitAsync(
            new RunStateChanged(Name(run.Status), Name(to)),
            async transaction => MustChangeOne(run, await transaction.ExecuteAsync(
                "update runs set status = @to, stage = @to, started_us = coalesce(started_us, @now) where id = @id and status = @from", CancellationToken.None,
                ("id", run.Id), ("from", Name(run.Status)), ("to", Name(to)), ("now", time.GetUtcNow()))),
            cancellationToken);

        return run with { Status = to };
    }

    /// <summary>Moves a run to waiting and lets go of it, together with <paramref name="ask"/>. What it cost so far is kept with it.</summary>
    public static async Task<Run> WaitAsync(Run run, Func<DatabaseTransaction, Task> ask, Recorder recorder, CancellationToken cancellationToken)
    {
        if (!RunTransitions.CanMove(run.Status, RunStatus.Waiting))
        {
            throw new InvalidOperationException($"Run {run.Id} cannot wait while {run.Status}.");
        }

        await recorder.CommitAsync(
            new RunStateChanged(Name(run.Status), Name(RunStatus.Waiting)),
            async transaction =>
            {
                MustChangeOne(run, await transaction.ExecuteAsync(
                    """
                    update runs set status = 'waiting', stage = 'waiting', worker = null, lease_expires_us = null, cost_nano = @cost, turns = @turns
                     where id = @id and status = @from and worker = @me
                    """,
                    CancellationToken.None, ("id", run.Id), ("from", Name(run.Status)), ("me", WorkerId.Current.ToString()), ("cost", run.Cost),
                    ("turns", (long)run.Turns)));
                await ask(transaction);
            },
            cancellationToken);

        return run with { Status = RunStatus.Waiting, Worker = null };
    }

    /// <summary>Keeps what is known so far, so that a crash leaves it to be found.</summary>
    public Task NoteAsync(Run run, CancellationToken cancellationToken) => database.ExecuteAsync(
        """
        update runs set base_commit = @base, tree = @tree, change_digest = @digest, branch = @branch, cost_nano = @cost, turns = @turns where id = @id
        """,
        cancellationToken,
        ("id", run.Id), ("base", run.BaseCommit), ("tree", run.Tree), ("digest", run.ChangeDigest), ("branch", run.Published),
        ("cost", run.Cost), ("turns", (long)run.Turns));

    /// <summary>Writes the ending and <c>run.ended</c> in one transaction.</summary>
    public async Task<Run> EndAsync(Run run, RunEnded ended, Recorder recorder, CancellationToken cancellationToken)
    {
        var status = Enum.Parse<RunStatus>(ended.Status, ignoreCase: true);

        if (!RunTransitions.CanMove(run.Status, status))
        {
            throw new InvalidOperationException($"Run {run.Id} cannot move from {run.Status} to {status}.");
        }

        var now = time.GetUtcNow();

        await recorder.CommitAsync(
            ended,
            async transaction => MustChangeOne(run, await transaction.ExecuteAsync(
                """
                update runs
                   set status = @status, fail_reason = @reason, fail_message = @message, ended_us = @now, base_commit = @base, tree = @tree,
                       change_digest = @digest, branch = @branch, cost_nano = @cost, turns = @turns, worker = null, lease_expires_us = null
                 where id = @id and status = @from
                """,
                CancellationToken.None,
                ("id", run.Id), ("from", Name(run.Status)), ("status", ended.Status), ("reason", ended.Reason), ("message", ended.Message), ("now", now),
                ("base", run.BaseCommit), ("tree", run.Tree), ("digest", run.ChangeDigest), ("branch", run.Published), ("cost", run.Cost),
                ("turns", (long)run.Turns))),
            cancellationToken);

        return run with { Status = status, Reason = ReadReason(ended.Reason), Message = ended.Message, EndedAt = now, Worker = null };
    }

    /// <summary>Renews the lease and tells who asked for the run to be cancelled, if anybody did.</summary>
    public async Task<string?> RenewAsync(RunId id, CancellationToken cancellationToken)
    {
        await database.ExecuteAsync(
            "update runs set lease_expires_us = @lease where id = @id and worker = @worker", cancellationToken,
            ("id", id), ("worker", WorkerId.Current.ToString()), ("lease", time.GetUtcNow() + LeaseTime));

        return await CancelRequestedByAsync(id, cancellationToken);
    }

    public Task<string?> CancelRequestedByAsync(RunId id, CancellationToken cancellationToken) => database.QuerySingleAsync(
        "select cancel_requested_by from runs where id = @id", row => row.IsDBNull(0) ? null : row.GetString(0), cancellationToken, ("id", id));

    /// <summary>Asks the run's supervisor to cancel it. False when the run has already ended.</summary>
    public async Task<bool> TryRequestCancelAsync(RunId id, string by, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            """
            update runs set cancel_requested_us = @now, cancel_requested_by = @by
             where id = @id and status not in ('completed', 'failed', 'cancelled') and cancel_requested_by is null
            """,
            cancellationToken, ("id", id), ("by", by), ("now", time.GetUtcNow())) == 1;

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
            + (query.Search is not null ? " and (id like @start or lower(repository) like @search or lower(request) like @search)" : "");
        (string, object?)[] parameters =
        [
            ("model", query.Model), ("start", Like(query.Search ?? "") + "%"), ("search", $"%{Like(query.Search ?? "")}%"),
            ("limit", (long)query.Limit), ("offset", (long)(query.Page - 1) * query.Limit),
        ];

        var order = $"{(query.ByCost ? "cost_nano" : "id")} {(query.Ascending ? "asc" : "desc")}";
        var runs = await database.QueryAsync($"select {Columns} from runs {where} order by {order}, id limit @limit offset @offset", Read, cancellationToken, parameters);
        var total = await database.QuerySingleAsync($"select count(*) from runs {where}", row => row.GetInt64(0), cancellationToken, parameters);
        var active = await database.QuerySingleAsync(
            "select count(*) from runs where status in ('queued', 'preparing', 'running', 'verifying', 'reviewing', 'publishing', 'waiting')",
            row => row.GetInt64(0), cancellationToken);
        return new RunPage(runs, total, active, active > 0 || runs.Count > 0 || await AnyAsync(cancellationToken));
    }

    /// <summary>Runs that look alive and whose supervisor is not: its process is gone, or its lease ran out on a machine that we cannot see.</summary>
    public async Task<IReadOnlyList<Run>> AbandonedAsync(CancellationToken cancellationToken)
    {
        var active = await database.QueryAsync(
            $"select {Columns}, lease_expires_us from runs where lease_expires_us is not null",
            row => (Run: Read(row), Lease: UnixTime.FromUnixTimeMicroseconds(row.GetInt64(15))), cancellationToken);

        return [.. active
            .Where(row => WorkerId.Parse(row.Run.Worker) is { } worker && (worker.IsKnownDead || row.Lease < time.GetUtcNow()))
            .Select(row => row.Run)];
    }

    /// <summary>Takes an abandoned run over. False when another process was quicker.</summary>
    public async Task<bool> TryTakeOverAsync(Run run, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            "update runs set worker = @me, lease_expires_us = @lease where id = @id and worker = @worker and status = @status", cancellationToken,
            ("id", run.Id), ("me", WorkerId.Current.ToString()), ("lease", time.GetUtcNow() + LeaseTime), ("worker", run.Worker),
            ("status", Name(run.Status))) == 1;

    private async Task<bool> AnyAsync(CancellationToken cancellationToken) =>
        await database.QuerySingleAsync("select 1 from runs limit 1", row => row.GetInt64(0), cancellationToken) == 1;

    /// <summary>Lower case, with the pattern characters of <c>like</c> taken out.</summary>
    private static string Like(string text) => text.ToLowerInvariant().Replace("%", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);

    private Run New(RunRequest request) => new() { Id = RunId.New(time), Request = request, Status = RunStatus.Queued, CreatedAt = time.GetUtcNow() };

    private static async Task<bool> InsertAsync(DatabaseTransaction transaction, Run run, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var json = RunJson.Canonical(run.Request);

        return await transaction.ExecuteAsync(
            """
            insert into runs (id, status, repository, ref, agent, model, prompt_digest, request, request_digest, requested_by, created_us, worker,
                              lease_expires_us, idempotency_key)
            values (@id, @status, @repository, @ref, @agent, @model, @prompt_digest, @request, @request_digest, @requested_by, @now, @worker, @lease, @key)
            on conflict do nothing
            """,
            cancellationToken,
            ("id", run.Id), ("status", Name(run.Status)), ("repository", run.Request.Repository), ("ref", run.Request.Ref), ("agent", run.Request.Agent),
            ("model", run.Request.Model), ("prompt_digest", Digest(run.Request.Prompt)), ("request", json), ("request_digest", Digest(json)),
            ("requested_by", run.Request.RequestedBy), ("now", run.CreatedAt), ("worker", run.Worker),
            ("lease", run.Worker is null ? null : run.CreatedAt + LeaseTime), ("key", idempotencyKey)) == 1;
    }

    internal static string Name(RunStatus status) => status.ToString().ToLowerInvariant();

    internal static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static Run Read(DbDataReader row) => new()
    {
        Id = new RunId(row.GetString(0)),
        Request = JsonSerializer.Deserialize(row.GetString(1), RunJson.Default.RunRequest)!,
        Status = Enum.Parse<RunStatus>(row.GetString(2), ignoreCase: true),
        Reason = ReadReason(Text(row, 3)),
        Message = Text(row, 4),
        CreatedAt = UnixTime.FromUnixTimeMicroseconds(row.GetInt64(5)),
        EndedAt = row.IsDBNull(6) ? null : UnixTime.FromUnixTimeMicroseconds(row.GetInt64(6)),
        BaseCommit = Text(row, 7),
        Tree = Text(row, 8),
        ChangeDigest = Text(row, 9),
        Published = Text(row, 10),
        Cost = new Money(row.GetInt64(11)),
        Turns = (int)row.GetInt64(12),
        Worker = Text(row, 13),
        CancelRequestedBy = Text(row, 14),
    };

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static FailReason? ReadReason(string? name) =>
        name is null ? null : Enum.Parse<FailReason>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    private static void MustChangeOne(Run run, int changed)
    {
        if (changed != 1)
        {
            throw new InvalidOperationException($"Run {run.Id} is not {run.Status} in the store: somebody else moved it.");
        }
    }
}

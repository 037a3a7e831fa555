using Ringfence.Audit;
using Ringfence.Storage;

namespace Ringfence.Runs;

/// <summary>Who works on a run: the queue, the lease, and what becomes of a run whose process is gone.</summary>
public sealed partial class RunStore
{
    /// <summary>Any number: claims of all processes on one database go one after another, so that limits over all of them are exact.</summary>
    private const long ClaimLock = 0x52464E51;

    private readonly RunIntake intake = new(database);

    /// <summary>
    /// Creates a queued run that whoever is free may take, durable when this returns. The same <paramref name="idempotencyKey"/> gives the run that it
    /// gave before, or fails with <c>idempotency_key_reused</c> when that was asked for something else.
    /// </summary>
    public async Task<Result<(Run Run, bool IsNew)>> EnqueueAsync(RunRequest request, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var run = New(request) with { IsDurable = true };

        if (await intake.AddAsync(run, idempotencyKey).WaitAsync(cancellationToken))
        {
            return (run, true);
        }

        var (earlier, digest) = await database.QuerySingleAsync(
            $"select {Columns}, request_digest from runs where idempotency_key = @key",
            row => (Run: Read(row), Digest: row.GetString(ColumnCount)), cancellationToken, ("key", idempotencyKey));

        return digest == DigestOf(request) ? (earlier, false) : new Failure(
            "idempotency_key_reused", $"This Idempotency-Key belongs to run {earlier.Id}, which was asked for something else.", "Use a new key for a new request.");
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
                await transaction.LockAsync(ClaimLock, cancellationToken);
                var now = time.GetUtcNow();

                var next = await transaction.QuerySingleAsync(
                    """
                    select q.id
                      from runs q
                      left join (select repository, count(*) as going from runs where worker is not null group by repository) g on g.repository = q.repository
                     where q.status = 'queued' and q.worker is null and q.due_us <= @now and coalesce(g.going, 0) < @most
                     order by coalesce(g.going, 0), q.id
                     limit 1
                    """,
                    row => row.GetString(0), cancellationToken, ("most", (long)perRepository), ("now", now));

                return next is not null && await transaction.ExecuteAsync(
                    """
                    update runs set worker = @me, lease_expires_us = @lease, claimed_us = @now, starts = starts + 1
                     where id = @id and status = 'queued' and worker is null
                    """,
                    cancellationToken, ("id", next), ("me", WorkerId.Current.ToString()), ("lease", now + LeaseTime), ("now", now)) == 1
                    ? next
                    : null;
            },
            cancellationToken);

        return id is null ? null : await GetAsync(id, cancellationToken);
    }

    /// <summary>Takes one queued run for this process; null when it is not queued or somebody else was quicker.</summary>
    public async Task<Run?> ClaimAsync(RunId id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();

        return await database.ExecuteAsync(
            """
            update runs set worker = @me, lease_expires_us = @lease, claimed_us = @now, starts = starts + 1
             where id = @id and status = 'queued' and worker is null
            """,
            cancellationToken, ("id", id), ("me", WorkerId.Current.ToString()), ("lease", now + LeaseTime), ("now", now)) == 1
            ? await GetAsync(id.Value, cancellationToken)
            : null;
    }

    /// <summary>Renews the lease, and tells what the run's supervisor must know.</summary>
    public async Task<RunAttention> RenewAsync(RunId id, CancellationToken cancellationToken)
    {
        await database.ExecuteAsync(
            "update runs set lease_expires_us = @lease where id = @id and worker = @worker", cancellationToken,
            ("id", id), ("worker", WorkerId.Current.ToString()), ("lease", time.GetUtcNow() + LeaseTime));

        return await LookAsync(id, cancellationToken);
    }

    /// <summary>The same without renewing.</summary>
    public Task<RunAttention> LookAsync(RunId id, CancellationToken cancellationToken) => database.QuerySingleAsync(
        "select worker, cancel_requested_by from runs where id = @id",
        row => new RunAttention(Text(row, 0) == WorkerId.Current.ToString(), Text(row, 1)), cancellationToken, ("id", id));

    /// <summary>Asks for a run to be cancelled. False when it has already ended, or somebody asked before.</summary>
    public async Task<bool> TryRequestCancelAsync(RunId id, string by, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            """
            update runs set cancel_requested_us = @now, cancel_requested_by = @by
             where id = @id and status not in ('completed', 'failed', 'cancelled') and cancel_requested_by is null
            """,
            cancellationToken, ("id", id), ("by", by), ("now", time.GetUtcNow())) == 1;

    /// <summary>Takes a run on which nobody works, whatever its state: to end it. Null when somebody does, or it has ended.</summary>
    public async Task<Run?> TryTakeIdleAsync(RunId id, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            """
            update runs set worker = @me, lease_expires_us = @lease
             where id = @id and worker is null and status not in ('completed', 'failed', 'cancelled')
            """,
            cancellationToken, ("id", id), ("me", WorkerId.Current.ToString()), ("lease", time.GetUtcNow() + LeaseTime)) == 1
            ? await GetAsync(id.Value, cancellationToken)
            : null;

    /// <summary>Puts a run that this process holds back into the queue, with its event, in one transaction.</summary>
    /// <param name="reason">Why, as the event says it.</param>
    /// <param name="due">Not to be taken up before.</param>
    public static async Task<Run> RequeueAsync(Run run, string reason, DateTimeOffset due, Recorder recorder, CancellationToken cancellationToken)
    {
        await MoveAsync(
            run, RunStatus.Queued, [new RunStateChanged(Name(run.Status), Name(RunStatus.Queued), reason)], $"stage = @to, {LetGo}, due_us = @due",
            _ => Task.CompletedTask, recorder, cancellationToken, ("due", due));

        return run with { Status = RunStatus.Queued, Worker = null };
    }

    /// <summary>Lets go of a run that was claimed and not begun, or held for an answer.</summary>
    public Task ReleaseAsync(RunId id, CancellationToken cancellationToken) => database.ExecuteAsync(
        "update runs set worker = null, lease_expires_us = null where id = @id and worker = @me and status in ('queued', 'waiting')", cancellationToken,
        ("id", id), ("me", WorkerId.Current.ToString()));

    /// <summary>Runs that look alive and whose supervisor is not: its process is gone, or its lease ran out on a machine that we cannot see.</summary>
    public async Task<IReadOnlyList<Run>> AbandonedAsync(CancellationToken cancellationToken)
    {
        var active = await database.QueryAsync(
            $"select {Columns}, lease_expires_us, coalesce(claimed_us, created_us) from runs where lease_expires_us is not null",
            row => (Run: Read(row), Lease: UnixTime.FromUnixTimeMicroseconds(row.GetInt64(ColumnCount)), Claimed: UnixTime.FromUnixTimeMicroseconds(row.GetInt64(ColumnCount + 1))),
            cancellationToken);

        // The last sign of life is when the lease was last renewed: until then the run's time went by.
        return [.. active
            .Where(row => WorkerId.Parse(row.Run.Worker) is { } worker && (worker.IsKnownDead || row.Lease < time.GetUtcNow()))
            .Select(row => row.Run with { Worked = row.Run.Worked + TimeSpan.FromTicks(Math.Max(0, (row.Lease - LeaseTime - row.Claimed).Ticks)) })];
    }

    /// <summary>Takes an abandoned run over. False when another process was quicker.</summary>
    public async Task<bool> TryTakeOverAsync(Run run, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            "update runs set worker = @me, lease_expires_us = @lease where id = @id and worker = @worker and status = @status and lease_expires_us is not null",
            cancellationToken,
            ("id", run.Id), ("me", WorkerId.Current.ToString()), ("lease", time.GetUtcNow() + LeaseTime), ("worker", run.Worker),
            ("status", Name(run.Status))) == 1;

    private Task<Run?> GetAsync(string id, CancellationToken cancellationToken) => database.QuerySingleAsync(
        $"select {Columns} from runs where id = @id", Read, cancellationToken, ("id", id));
}

/// <param name="IsHeld">This process holds the lease.</param>
/// <param name="CancelledBy">Who asked for the run to be cancelled; null when nobody did.</param>
public readonly record struct RunAttention(bool IsHeld, string? CancelledBy);
